/**
 * What a turn costs: `npm run bench:turns [-- --rounds 5 --seconds 6 --warm 2 --settle 15 --quick]`.
 * Two floors and the program, on the same PostgreSQL server with the same zero-delay model, and the program
 * on its embedded database, measured in turn, round by round; medians of the rounds.
 */
import { medianOf, printTable, ratioOf, shown, writeResults } from './support/figures.mjs';
import { startFloor } from './support/floors.mjs';
import { closedLoop } from './support/load.mjs';
import { startModel } from './support/model.mjs';
import { readOptions } from './support/options.mjs';
import { startParley } from './support/parley.mjs';
import { startPostgres } from './support/postgres.mjs';

const CONTENT = 'What is an append-only log, and what is it good for?';
const CONCURRENT = [1, 16, 64];
const GOALS = { ratio: 0.5, least_ratio: 0.35, p50_ratio: 3, embedded_ratio: 0.8, rss_mb: 300 };

const options = readOptions({
  rounds: { full: 5, quick: 1 },
  seconds: { full: 6, quick: 2 },
  warm: { full: 2, quick: 1 },
  settle: { full: 15, quick: 1 },
});

async function floor(name, postgres, model) {
  const running = await startFloor(name, postgres, model);
  const headers = { authorization: `Bearer ${running.token}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ content: CONTENT });
  const request = (caller) => ({ path: `/sessions/ses_${caller}/messages`, headers, body });
  return { name, running, request: () => Promise.resolve(request), databaseCpuMs: postgres.cpuMs };
}

async function parley(name, model, database, databaseCpuMs) {
  const running = await startParley({ model, database });
  await running.signIn('turns');
  const body = JSON.stringify({ content: CONTENT });
  // Fresh sessions for every measurement: none is measured with a longer history than another.
  const request = async (concurrent) => {
    const ids = await running.sessions(concurrent);
    return (caller) => ({
      path: `/api/v1/chat/sessions/${ids[caller]}/messages`,
      headers: running.headers,
      body,
    });
  };
  return { name, running, request, databaseCpuMs };
}

/** The first thousands of turns of a process cost two to three times as much: its code is being compiled. */
async function settle({ running, request }) {
  const warm = { concurrent: 16, seconds: options.settle, warmSeconds: 0, expect: 201, gauges: () => ({}) };
  await closedLoop({ url: running.url, ...warm, request: await request(16) });
}

async function measure({ running, request, databaseCpuMs }, concurrent) {
  const figures = await closedLoop({
    url: running.url,
    concurrent,
    seconds: options.seconds,
    warmSeconds: options.warm,
    request: await request(concurrent),
    expect: 201,
    gauges: () => ({ cpu_ms_per_turn: running.cpuMs(), database_cpu_ms_per_turn: databaseCpuMs() }),
  });
  return { ...figures, rss_mb: running.memory().now };
}

function compared(results, name, concurrent) {
  const rounds = results[name][concurrent];
  const against = (base, figure = 'per_second') => ratioOf(rounds, results[base][concurrent], figure);
  const figures = medianOf(rounds);
  const ofNest = against('nest-express');
  return {
    concurrent,
    what: name,
    'turns/s': figures.per_second,
    'of nest': ofNest.median,
    'least – most': `${shown(ofNest.least)} – ${shown(ofNest.most)}`,
    'of medians': figures.per_second / medianOf(results['nest-express'][concurrent]).per_second,
    'of parley': against('parley').median,
    'p50 ms': figures.p50_ms,
    'p50 of nest': against('nest-express', 'p50_ms').median,
    'p99 ms': figures.p99_ms,
    'CPU ms/turn': figures.cpu_ms_per_turn,
    'DB CPU ms/turn': figures.database_cpu_ms_per_turn,
    'RSS MB': figures.rss_mb,
  };
}

/** Each round begins with another one: whoever follows a busy neighbour finds a warm machine, or a full disk queue. */
function inTurn(targets, round) {
  const first = round % targets.length;
  return [...targets.slice(first), ...targets.slice(0, first)];
}

const postgres = await startPostgres();
const model = await startModel();
const targets = [
  await floor('node-http', postgres, model),
  await floor('nest-express', postgres, model),
  await parley('parley', model, await postgres.database(), postgres.cpuMs),
  // The embedded server is a process of its own that nobody told us the number of.
  await parley('parley embedded', model, undefined, () => Number.NaN),
];
const results = Object.fromEntries(targets.map(({ name }) => [name, { 1: [], 16: [], 64: [] }]));
try {
  for (const target of targets) await settle(target);
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const concurrent of CONCURRENT) {
      for (const target of inTurn(targets, round)) {
        const figures = await measure(target, concurrent);
        results[target.name][concurrent].push(figures);
        console.log(`round ${round} c=${concurrent} ${target.name}: ${shown(figures.per_second)} turns/s`);
      }
    }
  }
  const rows = CONCURRENT.flatMap((concurrent) => targets.map(({ name }) => compared(results, name, concurrent)));
  printTable(`Turns over REST, medians of ${options.rounds} interleaved rounds of ${options.seconds} s`, rows);
  const peaks = Object.fromEntries(targets.map(({ name, running }) => [name, running.memory().peak]));
  writeResults('turns', { options, goals: GOALS, rows, peak_rss_mb: peaks, rounds: results });
} finally {
  for (const { running } of targets) await running.stop();
  await model.stop();
  await postgres.stop();
}
