export { AppError, type ErrorDefinition, type FieldError } from './app-error.js';
export { defineErrors, type ErrorCatalogue, type ErrorFactory } from './define-errors.js';
export { platformErrors } from './platform.errors.js';
export { type Problem, toProblem } from './problem.js';
export { explainRefusal, StartRefusal } from './start-refusal.js';
