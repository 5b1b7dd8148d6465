export { AppError, type ErrorDefinition, type ErrorFacts, type FieldError } from './app-error.js';
export { defineErrors, type ErrorCatalogue, type ErrorFactory } from './define-errors.js';
export { platformErrors } from './platform.errors.js';
export { type Problem, type ProblemContext, toProblem } from './problem.js';
export { explainRefusal, StartRefusal } from './start-refusal.js';
