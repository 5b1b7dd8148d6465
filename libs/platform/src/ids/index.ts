export { ID_PREFIXES, type IdKind, isId, newId } from './ids.js';
