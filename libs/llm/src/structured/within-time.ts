import { createContext, Script } from 'node:vm';

const script = new Script('work()');

/**
 * Runs synchronous work and stops it after `milliseconds`, in the middle of a regular expression too.
 * Needs a context of its own only because that is where Node can stop what runs; it isolates nothing.
 */
export function withinTime<T>(milliseconds: number, work: () => T): T | 'too long' {
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
