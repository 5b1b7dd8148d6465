/**
 * How soon it serves, and what it takes while nobody asks:
 * `npm run bench:startup [-- --rounds 5 --idle 10 --turns 500 --quick]`.
 * From the start of the process to the first 200 of `/health/ready`: embedded on an empty data directory,
 * embedded on a filled one, and on a server whose schema is there.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { medianOf, printTable, writeResults } from './support/figures.mjs';
import { startModel } from './support/model.mjs';
import { readOptions } from './support/options.mjs';
import { dataDirectory, launchParley } from './support/parley.mjs';
import { startPostgres } from './support/postgres.mjs';
import { freePort, memoryOf } from './support/processes.mjs';

const GOALS = { ready_ms: { empty: 4000, filled: 2500, server: 2000 }, idle_rss_mb: 180 };
const POLL_MS = 5;
const LATEST_MS = 60_000;
const FILLERS = 8;

const options = readOptions({
  rounds: { full: 5, quick: 1 },
  idle: { full: 10, quick: 2 },
  turns: { full: 500, quick: 16 },
});

async function isReady(url) {
  try {
    const { status } = await fetch(`${url}/health/ready`);
    return status === 200;
  } catch {
    // Nobody listens yet.
    return false;
  }
}

async function start(given) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const from = performance.now();
  const node = launchParley({ ...given, port });
  while (!(await isReady(url))) {
    if (node.ended() || performance.now() - from > LATEST_MS) throw new Error(`it did not start:\n${node.output()}`);
    await pause(POLL_MS);
  }
  return { url, node, readyMs: performance.now() - from };
}

/** One start: how long it took, and the memory after a while without requests. */
async function measure(given) {
  const { node, readyMs } = await start(given);
  await pause(options.idle * 1000);
  const idleMb = memoryOf(node.pid).now;
  await node.stop();
  return { ready_ms: readyMs, idle_rss_mb: idleMb };
}

async function post(url, path, body, token) {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Leaves conversations behind: what a start on a filled directory finds. */
async function fill(given) {
  const { url, node } = await start(given);
  const account = { email: 'startup@example.com', password: 'correct-horse-battery-staple' };
  await post(url, '/auth/register', account);
  const { access_token: token } = await post(url, '/auth/login', account);
  await Promise.all(
    Array.from({ length: FILLERS }, async () => {
      const { session_id } = await post(url, '/chat/sessions', {}, token);
      for (let turn = 0; turn < options.turns / FILLERS; turn += 1) {
        await post(url, `/chat/sessions/${session_id}/messages`, { content: `Turn ${turn}` }, token);
      }
    }),
  );
  await node.stop();
}

async function measureEmpty(model) {
  const data = dataDirectory();
  try {
    return await measure({ model, modelName: 'zero', dataDir: data.path });
  } finally {
    data.remove();
  }
}

const postgres = await startPostgres();
const model = await startModel();
const filled = dataDirectory();
const served = dataDirectory();
const onFilled = { model, modelName: 'zero', dataDir: filled.path };
const onServer = { model, modelName: 'zero', dataDir: served.path, database: await postgres.database() };
const rounds = { empty: [], filled: [], server: [] };
try {
  await fill(onFilled);
  await fill(onServer);
  for (let round = 1; round <= options.rounds; round += 1) {
    rounds.empty.push(await measureEmpty(model));
    rounds.filled.push(await measure(onFilled));
    rounds.server.push(await measure(onServer));
  }
  const rows = Object.entries(rounds).map(([database, all]) => {
    const { ready_ms, idle_rss_mb } = medianOf(all);
    return {
      database: database === 'server' ? 'server' : `embedded, ${database}`,
      'ready ms': ready_ms,
      'slowest ms': Math.max(...all.map((each) => each.ready_ms)),
      'goal ms': GOALS.ready_ms[database],
      'idle RSS MB': idle_rss_mb,
    };
  });
  printTable(`Start to ready, medians of ${options.rounds} interleaved rounds`, rows);
  writeResults('startup', { options, goals: GOALS, rows, rounds });
} finally {
  filled.remove();
  served.remove();
  await model.stop();
  await postgres.stop();
}
