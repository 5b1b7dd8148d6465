/**
 * Whether a long conversation costs more than a short one:
 * `npm run bench:history [-- --rounds 5 --messages 20000 --deep 5000 --samples 200 --quick]`.
 * A page of 50 messages at the 10th and near the last message of one long session, over the REST list; and a
 * turn in sessions of about 10 messages and in one of many.
 */
import { median, medianOf, percentile, printTable, shown, writeResults } from './support/figures.mjs';
import { startModel } from './support/model.mjs';
import { readOptions } from './support/options.mjs';
import { startParley } from './support/parley.mjs';
import { startPostgres } from './support/postgres.mjs';

const EARLY = 10;
const PAGE = 50;
const GOALS = { page_ratio: 1.3, turn_ratio: 1.2 };

const options = readOptions({
  rounds: { full: 5, quick: 1 },
  messages: { full: 20_000, quick: 300 },
  deep: { full: 5000, quick: 100 },
  samples: { full: 200, quick: 20 },
});

/** Turns one after the other until the session holds this many messages. */
async function fill(parley, sessionId, messages) {
  for (let count = 0; count < messages; count += 2) await parley.turn(sessionId, `Turn ${count / 2}: and what then?`);
}

/** The cursor after which the page begins, reached as a client would: page by page. */
async function cursorAfter(parley, sessionId, messages) {
  const path = `/chat/sessions/${sessionId}/messages?order=asc`;
  let cursor = '';
  for (let passed = 0; passed < messages; ) {
    const limit = Math.min(200, messages - passed);
    const page = await parley.call('GET', `${path}&limit=${limit}${cursor}`);
    passed += page.items.length;
    if (page.next_cursor === null) throw new Error(`the session ends at message ${passed}`);
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
  return cursor;
}

async function timed(parley, calls) {
  const samples = [];
  const before = parley.cpuMs();
  for (const call of calls) {
    const from = performance.now();
    await call();
    samples.push(performance.now() - from);
  }
  return {
    p50_ms: percentile(samples, 0.5),
    p99_ms: percentile(samples, 0.99),
    cpu_ms: (parley.cpuMs() - before) / samples.length,
  };
}

async function pageCalls(parley, sessionId, position) {
  const path = `/chat/sessions/${sessionId}/messages?order=asc&limit=${PAGE}${await cursorAfter(parley, sessionId, position)}`;
  const call = async () => {
    const { items } = await parley.call('GET', path);
    if (items.length !== PAGE) throw new Error(`a page of ${items.length} at message ${position}`);
  };
  return Array.from({ length: options.samples }, () => call);
}

async function measurePages(parley) {
  const [sessionId] = await parley.sessions(1);
  console.log(`filling a session with ${options.messages + PAGE + 2} messages`);
  await fill(parley, sessionId, options.messages + PAGE + 2);
  const early = await pageCalls(parley, sessionId, EARLY);
  const late = await pageCalls(parley, sessionId, options.messages);
  await timed(parley, [...early, ...late]);
  return interleave(
    () => timed(parley, early),
    () => timed(parley, late),
  );
}

async function measureTurns(parley) {
  const [deep] = await parley.sessions(1);
  console.log(`filling a session with ${options.deep} messages`);
  await fill(parley, deep, options.deep);
  const fresh = async () => {
    const ids = await parley.sessions(options.samples);
    for (const id of ids) await fill(parley, id, EARLY);
    return ids.map((id) => () => parley.turn(id));
  };
  return interleave(
    async () => timed(parley, await fresh()),
    () =>
      timed(
        parley,
        Array.from({ length: options.samples }, () => () => parley.turn(deep)),
      ),
  );
}

async function interleave(early, late) {
  const rounds = { early: [], late: [] };
  for (let round = 1; round <= options.rounds; round += 1) {
    rounds.early.push(await early());
    rounds.late.push(await late());
  }
  return rounds;
}

function compared(what, positions, rounds) {
  const early = medianOf(rounds.early);
  const late = medianOf(rounds.late);
  const ratios = rounds.late.map(({ p50_ms }, round) => p50_ms / rounds.early[round].p50_ms);
  return [
    {
      what,
      'at message': positions[0],
      'p50 ms': early.p50_ms,
      'p99 ms': early.p99_ms,
      'CPU ms': early.cpu_ms,
      ratio: '',
    },
    {
      what,
      'at message': positions[1],
      'p50 ms': late.p50_ms,
      'p99 ms': late.p99_ms,
      'CPU ms': late.cpu_ms,
      ratio: shown(median(ratios)),
    },
  ];
}

const postgres = await startPostgres();
const model = await startModel();
const parley = await startParley({ model, database: await postgres.database() });
try {
  await parley.signIn('history');
  const pages = await measurePages(parley);
  const turns = await measureTurns(parley);
  const rows = [
    ...compared('page of 50', [EARLY, options.messages], pages),
    ...compared('turn', [EARLY, options.deep], turns),
  ];
  printTable(`Long and short conversations, one caller, medians of ${options.rounds} interleaved rounds`, rows);
  writeResults('history', { options, goals: GOALS, rows, rounds: { pages, turns } });
} finally {
  await parley.stop();
  await model.stop();
  await postgres.stop();
}
