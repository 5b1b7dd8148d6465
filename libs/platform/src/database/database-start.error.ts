import { StartRefusal } from '../errors/index.js';

export interface StartErrorFacts {
  /** The server is away; everything else is wrong in itself. */
  readonly unreachable?: boolean;
  readonly cause?: unknown;
}

/**
 * The database cannot be used as it stands: start-up ends here. The message is for the operator, names
 * the remedy and shows no secret; there is nothing to add from the stack.
 */
export class DatabaseStartError extends StartRefusal {
  override readonly name = 'DatabaseStartError';
  readonly unreachable: boolean;

  constructor(message: string, { unreachable = false, cause }: StartErrorFacts = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.unreachable = unreachable;
  }
}
