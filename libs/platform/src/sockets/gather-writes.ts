import type { Writable } from 'node:stream';

const gathering = new WeakSet<Writable>();

/**
 * To be called before a write: everything that is written to the stream within this tick then leaves in one
 * system call. The end of a run is four or five frames at once, and a system call costs more than making them.
 */
export function gatherWrites(stream: Writable): void {
  if (gathering.has(stream)) return;
  gathering.add(stream);
  stream.cork();
  process.nextTick(() => {
    gathering.delete(stream);
    stream.uncork();
  });
}
