export { AppError, type ErrorDefinition, type FieldError } from './app-error.js';
export { asError } from './as-error.js';
export { defineErrors, type ErrorCatalogue, type ErrorFactory } from './define-errors.js';
export { platformErrors } from './platform.errors.js';
export { escapePointer, pathOf, toPointer } from './pointer.js';
export { type Problem, toProblem } from './problem.js';
export { explainRefusal, StartRefusal } from './start-refusal.js';
