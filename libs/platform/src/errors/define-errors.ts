import { AppError, type ErrorDefinition, type ErrorFacts } from './app-error.js';

/** Makes an error of one code; `is` tells whether something thrown is that error. */
export interface ErrorFactory {
  (facts?: ErrorFacts): AppError;
  readonly code: string;
  readonly definition: ErrorDefinition;
  is(thrown: unknown): thrown is AppError;
}

export type ErrorCatalogue<K extends string = string> = Readonly<Record<K, ErrorFactory>>;

/**
 * Declares the error codes of one library. A code belongs to exactly one library:
 * `ProblemCatalogue` refuses a double, and so does `test/contract/error-codes.spec.ts`.
 */
export function defineErrors<const K extends string>(definitions: Record<K, ErrorDefinition>): ErrorCatalogue<K> {
  const catalogue: Partial<Record<K, ErrorFactory>> = {};
  for (const code in definitions) catalogue[code] = makeFactory(code, definitions[code]);
  return Object.freeze(complete(definitions, catalogue));
}

function complete<K extends string>(
  definitions: Record<K, ErrorDefinition>,
  catalogue: Partial<Record<K, ErrorFactory>>,
): Record<K, ErrorFactory> {
  if (!isComplete(definitions, catalogue)) throw new Error('an error code has no factory');
  return catalogue;
}

function isComplete<K extends string>(
  definitions: Record<K, ErrorDefinition>,
  catalogue: Partial<Record<K, ErrorFactory>>,
): catalogue is Record<K, ErrorFactory> {
  return Object.keys(definitions).every((code) => code in catalogue);
}

function makeFactory(code: string, definition: ErrorDefinition): ErrorFactory {
  const make = (facts: ErrorFacts = {}): AppError => new AppError(code, definition, facts);
  return Object.assign(make, {
    code,
    definition,
    is: (thrown: unknown): thrown is AppError => thrown instanceof AppError && thrown.code === code,
  });
}
