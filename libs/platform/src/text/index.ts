export { codePointPrefix } from './code-point-prefix.js';
export { nearestWord } from './nearest-word.js';
