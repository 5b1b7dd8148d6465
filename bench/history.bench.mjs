/**
 * Whether a long conversation costs more than a short one:
 * `npm run bench:history [-- --rounds 5 --messages 20000 --deep 5000 --samples 200 --quick]`.
 * A page of 50 messages at the 10th and near the last message of one long session, over the REST list; and a
 * turn in sessions of about 10 messages and in one of many.
 */
import { medianOf, percentile, printTable, ratioOf, shown, writeResults } from './support/figures.mjs';
import { startModel } from './support/model.mjs';
import { readOptions } from './support/options.mjs';
import { startParley } from './support/parley.mjs';
import { startPostgres } from './support/postgres.mjs';

const EARLY = 10;
const PAGE = 50;
const AT_A_TIME = 10;
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

/** The latencies of calls, and the CPU time of the process that they took. */
class Samples {
  #latencies = [];
  #cpuMs = 0;

  async take(parley, calls) {
    const before = parley.cpuMs();
    for (const call of calls) {
      const from = performance.now();
      await call();
      this.#latencies.push(performance.now() - from);
    }
    this.#cpuMs += parley.cpuMs() - before;
  }

  figures() {
    return {
      p50_ms: percentile(this.#latencies, 0.5),
      p99_ms: percentile(this.#latencies, 0.99),
      cpu_ms: this.#cpuMs / this.#latencies.length,
    };
  }
}

/** Both kinds of calls by turns, a few at a time: whatever else the machine does meets both alike. */
async function sideBySide(parley, earlyCalls, lateCalls) {
  const early = new Samples();
  const late = new Samples();
  for (let from = 0; from < earlyCalls.length; from += AT_A_TIME) {
    await early.take(parley, earlyCalls.slice(from, from + AT_A_TIME));
    await late.take(parley, lateCalls.slice(from, from + AT_A_TIME));
  }
  return { early: early.figures(), late: late.figures() };
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
  await sideBySide(parley, early, late);
  return inRounds(() => sideBySide(parley, early, late));
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
  const late = Array.from({ length: options.samples }, () => () => parley.turn(deep));
  return inRounds(async () => sideBySide(parley, await fresh(), late));
}

async function inRounds(measure) {
  const rounds = [];
  for (let round = 1; round <= options.rounds; round += 1) rounds.push(await measure());
  return rounds;
}

function compared(what, positions, rounds) {
  const earlyRounds = rounds.map((round) => round.early);
  const lateRounds = rounds.map((round) => round.late);
  const early = medianOf(earlyRounds);
  const late = medianOf(lateRounds);
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
      ratio: shown(ratioOf(lateRounds, earlyRounds, 'p50_ms').median),
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
