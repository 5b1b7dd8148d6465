/** The `Error` that a promise is rejected with, whatever somebody threw or aborted with. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('aborted', { cause: thrown });
}
