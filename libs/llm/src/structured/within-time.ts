import { createContext, Script } from 'node:vm';

const script = new Script('work()');

/** How often work is begun anew that was stopped while the machine was busy with something else. */
const TRIES = 4;

/**
 * Runs synchronous work and stops it after `milliseconds`, in the middle of a regular expression too.
 * What was stopped without having had the processor for that long is run again: the work must have no effects.
 * Needs a context of its own only because that is where Node can stop what runs; it isolates nothing.
 */
export function withinTime<T>(milliseconds: number, work: () => T): T | 'too long' {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const from = process.cpuUsage();
    const result = stoppedAfter(milliseconds, work);
    const { user, system } = process.cpuUsage(from);
    if (result !== 'too long' || (user + system) / 1000 >= milliseconds / 2) return result;
  }
  return 'too long';
}

function stoppedAfter<T>(milliseconds: number, work: () => T): T | 'too long' {
  const results: T[] = [];
  const context = createContext({
    work: () => {
      results.push(work());
    },
  });
  try {
    script.runInContext(context, { timeout: milliseconds });
  } catch (error) {
    if (isTimeout(error)) return 'too long';
    throw error;
  }
  const [result] = results;
  if (result === undefined) throw new Error('the work gave nothing');
  return result;
}

function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
