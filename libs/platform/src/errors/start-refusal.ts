/**
 * The program does not start, for a reason that whoever runs it can remove. The message names what has to
 * change and holds no value that was set; a stack would add nothing to it.
 */
export class StartRefusal extends Error {
  override readonly name: string = 'StartRefusal';
}

/**
 * Why a process did not start, for whoever runs it: foreseen reasons in a few lines, everything else with its stack.
 */
export function explainRefusal(thrown: unknown): string {
  if (thrown instanceof StartRefusal || isSystemError(thrown)) return `Parley did not start: ${thrown.message}`;
  return `Parley did not start.\n${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`;
}

/** What the operating system refused (a port that is taken, a folder that may not be written) says it in one line. */
function isSystemError(thrown: unknown): thrown is { readonly syscall: string; readonly message: string } {
  if (typeof thrown !== 'object' || thrown === null || !('syscall' in thrown && 'message' in thrown)) return false;
  return typeof thrown.syscall === 'string' && typeof thrown.message === 'string';
}
