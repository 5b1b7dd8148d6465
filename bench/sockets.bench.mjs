/**
 * Many people with an open socket:
 * `npm run bench:sockets [-- --sockets 1000 --rate 100 --seconds 30 --rounds 5 --quick]`.
 * One session and one socket each, on one process; messages at a fixed rate in all, whether or not earlier
 * ones were answered. A message is delivered when its own socket gets it back from the log, an answer when the
 * socket gets it whole; both are counted from the moment of sending.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { medianOf, percentile, printTable, writeResults } from './support/figures.mjs';
import { startModel } from './support/model.mjs';
import { readOptions } from './support/options.mjs';
import { startParley } from './support/parley.mjs';
import { startPostgres } from './support/postgres.mjs';
import { cpuShares, ownCpuMs } from './support/processes.mjs';
import { PlainClient, SocketIoClient } from './support/readers.mjs';

const GOALS = { delivery_p99_ms: 100, lost: 0, rss_mb: 400 };
const KINDS = { 'Socket.IO': SocketIoClient, 'plain WebSocket': PlainClient };
const CONNECTING = 20;
const LATEST_ANSWER_MS = 10_000;
/** The first seconds of a process are those in which its code is compiled: sent, and not measured. */
const WARM_SECONDS = 3;

const options = readOptions({
  rounds: { full: 5, quick: 1 },
  sockets: { full: 1000, quick: 60 },
  rate: { full: 100, quick: 30 },
  seconds: { full: 30, quick: 4 },
});

async function connect(kind, parley, ids) {
  const clients = [];
  while (clients.length < ids.length) {
    const some = ids.slice(clients.length, clients.length + CONNECTING);
    clients.push(...(await Promise.all(some.map((id) => kind.open(parley, id)))));
  }
  return clients;
}

/** Open loop: the n-th message is sent at its time, by the n-th client in turn. */
async function send(clients, seconds) {
  const total = options.rate * seconds;
  const from = performance.now();
  const turns = [];
  for (let number = 0; number < total; number += 1) {
    const wait = from + (number * 1000) / options.rate - performance.now();
    if (wait > 1) await pause(wait);
    turns.push(clients[number % clients.length].turn(`Message ${number}`));
  }
  return Promise.all(turns.map((turn) => Promise.race([turn, pause(LATEST_ANSWER_MS, undefined, { ref: false })])));
}

async function measure(transport, parley) {
  const ids = await parley.sessions(options.sockets);
  const connectFrom = performance.now();
  const clients = await connect(KINDS[transport], parley, ids);
  const connectMs = performance.now() - connectFrom;
  await send(clients, options.quick ? 1 : WARM_SECONDS);
  await parley.eventLoopLagMs();
  const cpu = parley.cpuMs();
  const shares = cpuShares({
    program: () => parley.cpuMs(),
    model: () => model.cpuMs(),
    driver: () => ownCpuMs(),
    database: () => postgres.cpuMs(),
    waited: () => parley.waitedMs(),
  });
  const seen = await send(clients, options.seconds);
  const share = shares();
  const cpuMs = (parley.cpuMs() - cpu) / seen.length;
  const lag = await parley.eventLoopLagMs();
  const whole = seen.filter((answer) => answer !== undefined && answer.fault === undefined);
  const figures = {
    connect_ms: connectMs,
    own_p50_ms: percentile(
      whole.map(({ ownMs }) => ownMs),
      0.5,
    ),
    own_p99_ms: percentile(
      whole.map(({ ownMs }) => ownMs),
      0.99,
    ),
    answer_p50_ms: percentile(
      whole.map(({ answeredMs }) => answeredMs),
      0.5,
    ),
    answer_p99_ms: percentile(
      whole.map(({ answeredMs }) => answeredMs),
      0.99,
    ),
    lost: seen.length - whole.length,
    lag_p99_ms: lag.p99,
    cpu_ms_per_turn: cpuMs,
    cpu_program: share.program,
    cpu_model: share.model,
    cpu_driver: share.driver,
    cpu_database: share.database,
    waited: share.waited,
    rss_mb: parley.memory().now,
  };
  await Promise.all(clients.map((client) => client.close()));
  return figures;
}

const postgres = await startPostgres();
const model = await startModel();
const parley = await startParley({ model, database: await postgres.database() });
const rounds = Object.fromEntries(Object.keys(KINDS).map((transport) => [transport, []]));
try {
  await parley.signIn('sockets');
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const transport of Object.keys(KINDS)) rounds[transport].push(await measure(transport, parley));
  }
  const rows = Object.entries(rounds).map(([transport, all]) => {
    const figures = medianOf(all);
    return {
      transport,
      sockets: options.sockets,
      'messages/s': options.rate,
      'message p50 ms': figures.own_p50_ms,
      'message p99 ms': figures.own_p99_ms,
      'answer p50 ms': figures.answer_p50_ms,
      'answer p99 ms': figures.answer_p99_ms,
      lost: all.reduce((sum, { lost }) => sum + lost, 0),
      'lag p99 ms': figures.lag_p99_ms,
      'CPU ms/turn': figures.cpu_ms_per_turn,
      'RSS MB': figures.rss_mb,
      'CPU %: program': figures.cpu_program,
      model: figures.cpu_model,
      driver: figures.cpu_driver,
      database: figures.cpu_database,
      'program waited %': figures.waited,
    };
  });
  printTable(`${options.sockets} sessions with one socket each, medians of ${options.rounds} rounds`, rows);
  writeResults('sockets', { options, goals: GOALS, rows, rounds, peak_rss_mb: parley.memory().peak });
} finally {
  await parley.stop();
  await model.stop();
  await postgres.stop();
}
