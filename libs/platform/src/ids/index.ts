export { type IdKind, isId, newId } from './ids.js';
