import { join } from 'node:path';
import { cpuMs, startProcess } from './processes.mjs';

/** Starts the benchmark's model as a process of its own; how it answers, the name of the model says. */
export async function startModel() {
  const { match, stop, pid } = await startProcess({
    file: join(import.meta.dirname, 'model-server.mjs'),
    ready: /model on (\S+)/,
  });
  return { url: match[1], stop, cpuMs: () => cpuMs(pid) };
}

const STAMP = /^@(\d+)@ /;

/**
 * Milliseconds from when the model wrote the first token of this answer to `at`, nanoseconds of the monotonic
 * clock; undefined where the text is not stamped.
 */
export function behindModel(text, at = process.hrtime.bigint()) {
  const stamp = STAMP.exec(text)?.[1];
  return stamp === undefined ? undefined : Number(at - BigInt(stamp)) / 1e6;
}
