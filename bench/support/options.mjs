import { parseArgs } from 'node:util';

/**
 * Reads the options of a benchmark from the command line: whole numbers, each with a default and a smaller
 * one for `--quick`, which only shows that everything runs.
 * @param {Record<string, { full: number, quick: number }>} numbers
 * @returns {Record<string, number> & { quick: boolean }}
 */
export function readOptions(numbers) {
  const names = Object.keys(numbers);
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    },
  });
  const { quick } = values;
  const chosen = names.map((name) => {
    const given = values[name];
    const value = given === undefined ? numbers[name][quick ? 'quick' : 'full'] : Number(given);
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number of 1 or more`);
    return [name, value];
  });
  return { quick, ...Object.fromEntries(chosen) };
}
