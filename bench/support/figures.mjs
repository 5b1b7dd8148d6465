import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

const RESULTS = join(import.meta.dirname, '../../.cache/bench');

/** The value below which the share `p` (0 to 1) of the samples lies; NaN where there are none. */
export function percentile(samples, p) {
  if (samples.length === 0) return Number.NaN;
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * p) - 1)] ?? sorted[0];
}

function median(samples) {
  if (samples.length === 0) return Number.NaN;
  const sorted = Float64Array.from(samples).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of every numeric member over the rounds. */
export function medianOf(rounds) {
  const names = Object.keys(rounds[0] ?? {}).filter((name) => typeof rounds[0][name] === 'number');
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((round) => round[name]))]));
}

/**
 * How two things compare that were measured side by side in every round: the median of the rounds' ratios, and the
 * least and the most of them. Where the machine is three times as fast in one round as in the next, the ratio of the
 * two medians compares a good minute of the one with a bad minute of the other.
 */
export function ratioOf(rounds, baseRounds, name) {
  const ratios = rounds.map((round, index) => round[name] / baseRounds[index][name]);
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

/** A number as people read it: three significant digits. */
export function shown(value) {
  if (typeof value !== 'number') return value;
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** Prints rows as one table; the columns are the members of the first row. */
export function printTable(title, rows) {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [columns, ...rows.map((row) => columns.map((name) => String(shown(row[name]) ?? '')))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index].length)));
  const line = (row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index]))
      .join('  ')
      .trimEnd();
  console.log(`\n${title}\n`);
  console.log(line(cells[0]));
  console.log(widths.map((width) => '-'.repeat(width)).join('  '));
  for (const row of cells.slice(1)) console.log(line(row));
  console.log('');
}

/** Writes everything that was measured to `.cache/bench/<name>.json`. */
export function writeResults(name, results) {
  mkdirSync(RESULTS, { recursive: true });
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, memory_mb: Math.round(totalmem() / 2 ** 20) };
  const file = join(RESULTS, `${name}.json`);
  const body = { benchmark: name, at: new Date().toISOString(), node: process.version, machine, ...results };
  writeFileSync(file, `${JSON.stringify(body, null, 2)}\n`);
  console.log(`Written to ${file}`);
}
