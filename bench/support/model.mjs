import { join } from 'node:path';
import { startProcess } from './processes.mjs';

/** Starts the benchmark's model as a process of its own; how it answers, the name of the model says. */
export async function startModel() {
  const { match, stop, pid } = await startProcess({
    file: join(import.meta.dirname, 'model-server.mjs'),
    ready: /model on (\S+)/,
  });
  return { url: match[1], stop, pid };
}

const STAMP = /^@(\d+)@ /;

/** Milliseconds since the model wrote the first token of this answer; undefined where the text is not stamped. */
export function behindModel(text) {
  const stamp = STAMP.exec(text)?.[1];
  return stamp === undefined ? undefined : Number(process.hrtime.bigint() - BigInt(stamp)) / 1e6;
}
