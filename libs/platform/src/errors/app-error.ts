/** One entry of an error catalogue: what a code means, whoever raises it. */
export interface ErrorDefinition {
  /** HTTP status; sockets and streams carry it as a member of the problem. */
  readonly status: number;
  /** One short sentence, the same for every occurrence. */
  readonly title: string;
  /** What the reader can do about it; shown under `/problems/<code>` and in `docs/errors.md`. */
  readonly remedy: string;
}

/** One finding of a validation, as it travels in `errors[]` of a problem. */
export interface FieldError {
  /** RFC 6901 pointer into the input. */
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

export interface ErrorFacts {
  /** What happened this time. Never a value of the request, a secret, SQL or a stack. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** Seconds until a new try makes sense: becomes `Retry-After`. */
  readonly retryAfter?: number;
  /** Further members of the problem document, e.g. `until`, `policy`. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Further response headers, e.g. `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** The only error that services throw on purpose. Every transport renders it through `toProblem`. */
export class AppError extends Error {
  override readonly name = 'AppError';

  constructor(
    readonly code: string,
    readonly definition: ErrorDefinition,
    readonly facts: ErrorFacts = {},
  ) {
    super(facts.detail ?? definition.title, facts.cause === undefined ? undefined : { cause: facts.cause });
  }

  get status(): number {
    return this.definition.status;
  }
}
