/**
 * How fast words reach people:
 * `npm run bench:streams [-- --rounds 5 --samples 320 --streams 1000 --seconds 20 --loads 5 --quick]`.
 * First, how far our first delta is behind the model's first token, over server-sent events, Socket.IO and
 * plain WebSocket with 16 turns at once. Then many streams of 20 tokens a second on one process.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { medianOf, percentile, printTable, writeResults } from './support/figures.mjs';
import { startModel } from './support/model.mjs';
import { readOptions } from './support/options.mjs';
import { startParley } from './support/parley.mjs';
import { startPostgres } from './support/postgres.mjs';
import { cpuShares, ownCpuMs } from './support/processes.mjs';
import { PlainClient, SocketIoClient, StreamClient } from './support/readers.mjs';
import { recordTurn } from './support/recorder.mjs';

const CONCURRENT = 16;
const TOKENS_PER_SECOND = 20;
const GOALS = { first_token_p50_ms: 5, streams: { event_loop_lag_p99_ms: 100, database_connections: 10 } };
/** Calls of one provider that may be under way at once are bounded by configuration, and not what is measured. */
const WIDE = { PARLEY__MODELS__PROVIDERS__OPENAI__MAX_CONCURRENT: '4000' };

const options = readOptions({
  rounds: { full: 5, quick: 1 },
  samples: { full: 320, quick: 48 },
  streams: { full: 1000, quick: 100 },
  seconds: { full: 20, quick: 4 },
  loads: { full: 5, quick: 1 },
});

/** Sixteen callers of one transport, each on a session of its own. */
async function callersOf(transport, parley) {
  const ids = await parley.sessions(CONCURRENT);
  if (transport === 'server-sent events') {
    const client = new StreamClient(parley, CONCURRENT);
    return { turns: ids.map((id) => (content) => client.turn(id, content)), close: () => client.close() };
  }
  const kind = transport === 'Socket.IO' ? SocketIoClient : PlainClient;
  const clients = await Promise.all(ids.map((id) => kind.open(parley, id)));
  return {
    turns: clients.map((client) => (content) => client.turn(content)),
    close: () => Promise.all(clients.map((client) => client.close())),
  };
}

async function firstTokens(transport, parley) {
  const { turns, close } = await callersOf(transport, parley);
  const seen = [];
  const each = Math.ceil(options.samples / CONCURRENT);
  await Promise.all(
    turns.map(async (turn) => {
      await turn('Once, to warm up.');
      for (let number = 0; number < each; number += 1) seen.push(await turn('What is an append-only log?'));
    }),
  );
  await close();
  const faults = seen.map(({ fault }) => fault).filter((fault) => fault !== undefined);
  if (faults.length > 0) throw new Error(`${transport}: ${faults.length} turns went wrong: ${faults[0]}`);
  const behind = seen.map(({ behindMs }) => behindMs);
  return { p50_ms: percentile(behind, 0.5), p95_ms: percentile(behind, 0.95), p99_ms: percentile(behind, 0.99) };
}

async function measureFirstTokens() {
  const parley = await startParley({ model, modelName: 'paced-12-20-40', database: await postgres.database() });
  await parley.signIn('streams');
  const rounds = { 'server-sent events': [], 'Socket.IO': [], 'plain WebSocket': [] };
  try {
    for (let round = 1; round <= options.rounds; round += 1) {
      for (const transport of Object.keys(rounds)) rounds[transport].push(await firstTokens(transport, parley));
    }
  } finally {
    await parley.stop();
  }
  const rows = Object.entries(rounds).map(([transport, figures]) => {
    const { p50_ms, p95_ms, p99_ms } = medianOf(figures);
    return { transport, 'p50 ms': p50_ms, 'p95 ms': p95_ms, 'p99 ms': p99_ms };
  });
  printTable(`First delta behind the model's first token, ${CONCURRENT} turns at once`, rows);
  return { rows, rounds };
}

/**
 * Looks at the node while the streams run: what it holds of the database, how late its event loop is, and whose the CPU
 * is.
 */
async function watch(parley, database, until) {
  let connections = 0;
  // The first look begins the measurement, the last one ends it.
  await parley.eventLoopLagMs();
  const shares = cpuShares({
    program: () => parley.cpuMs(),
    model: () => model.cpuMs(),
    driver: () => ownCpuMs(),
    database: () => postgres.cpuMs(),
    waited: () => parley.waitedMs(),
  });
  while (performance.now() < until) {
    await pause(1000);
    connections = Math.max(connections, await postgres.connections(database.name));
  }
  const cpu = shares();
  return { connections, lag: await parley.eventLoopLagMs(), cpu };
}

async function manyStreams() {
  const database = await postgres.database();
  const tokens = options.seconds * TOKENS_PER_SECOND;
  const modelName = `paced-${tokens}-${1000 / TOKENS_PER_SECOND}-500`;
  const parley = await startParley({ model, modelName, database, env: WIDE });
  try {
    await parley.signIn('streams');
    const ids = await parley.sessions(options.streams);
    const rampMs = Math.min(5000, options.seconds * 250);
    const running = ids.map(async (id, index) => {
      await pause((index / ids.length) * rampMs);
      return recordTurn(parley, id, 'Tell me everything.');
    });
    await pause(rampMs + 500);
    const plateau = performance.now() + options.seconds * 1000 - rampMs;
    const [seen, load] = await Promise.all([Promise.all(running), watch(parley, database, plateau)]);
    const faults = seen.map(({ fault }) => fault).filter((fault) => fault !== undefined);
    if (faults.length > 0) console.log(`first fault: ${faults[0]}`);
    const behind = seen.map(({ behindMs }) => behindMs).filter((ms) => ms !== undefined);
    return {
      first_p50_ms: percentile(behind, 0.5),
      first_p99_ms: percentile(behind, 0.99),
      deltas: percentile(
        seen.map(({ deltas }) => deltas),
        0.5,
      ),
      lost: faults.length,
      lag_p99_ms: load.lag.p99,
      lag_max_ms: load.lag.max,
      connections: load.connections,
      cpu_program: load.cpu.program,
      cpu_model: load.cpu.model,
      cpu_driver: load.cpu.driver,
      cpu_database: load.cpu.database,
      waited: load.cpu.waited,
      rss_mb: parley.memory().peak,
    };
  } finally {
    await parley.stop();
  }
}

async function measureManyStreams() {
  const rounds = [];
  for (let round = 1; round <= options.loads; round += 1) rounds.push(await manyStreams());
  const figures = medianOf(rounds);
  const row = {
    streams: options.streams,
    'tokens/s each': TOKENS_PER_SECOND,
    'first p50 ms': figures.first_p50_ms,
    'first p99 ms': figures.first_p99_ms,
    'deltas each': figures.deltas,
    lost: rounds.reduce((sum, { lost }) => sum + lost, 0),
    'lag p99 ms': figures.lag_p99_ms,
    'lag max ms': figures.lag_max_ms,
    'DB connections': Math.max(...rounds.map(({ connections }) => connections)),
    'RSS MB': figures.rss_mb,
    'CPU %: program': figures.cpu_program,
    model: figures.cpu_model,
    driver: figures.cpu_driver,
    database: figures.cpu_database,
    'program waited %': figures.waited,
  };
  printTable(`Streams on one process for ${options.seconds} s, medians of ${options.loads} rounds`, [row]);
  return { row, rounds };
}

const postgres = await startPostgres();
const model = await startModel();
try {
  const firstToken = await measureFirstTokens();
  const manyStreams = await measureManyStreams();
  writeResults('streams', { options, goals: GOALS, firstToken, manyStreams });
} finally {
  await model.stop();
  await postgres.stop();
}
