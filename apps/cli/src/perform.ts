import type { Outcome } from './outcome.js';

/**
 * What commander calls when a command is chosen: its options, unchecked. Whatever a command needs is
 * loaded in there, so that help costs nothing.
 */
export type Perform = (
  work: (options: unknown, args: readonly string[]) => Promise<Outcome>,
) => (...given: unknown[]) => Promise<void>;
