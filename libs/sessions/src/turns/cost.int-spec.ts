import type { Actor } from '@parley/auth';
import {
  type Acting,
  type BoundStatement,
  Database,
  type Executor,
  type TransactionOptions,
} from '@parley/platform/database';
import { sql } from 'kysely';
import pg from 'pg';
import { LogRepository } from '../log/log.repository.js';
import { MessagesRepository } from '../messages/messages.repository.js';
import { LeasesRepository } from '../runs/leases.repository.js';
import { RunsRepository } from '../runs/runs.repository.js';
import { SessionsRepository } from '../sessions/sessions.repository.js';
import { Conversations } from '../sessions.factory.js';
import { HistoryRepository } from './history.repository.js';

/** Tells which tables its transactions have read from end to end, and how many rows they have looked at. */
class WatchedDatabase extends Database {
  readonly scanned: string[] = [];
  rowsRead = 0;

  override as<T>(actor: Acting, work: (db: Executor) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return super.as(
      actor,
      async (db) => {
        // The connection's counters go on from transaction to transaction.
        const before = await countersOf(db);
        const result = await work(db);
        for (const [table, after] of await countersOf(db)) {
          const { scans, read } = before.get(table) ?? { scans: 0, read: 0 };
          if (after.scans > scans) this.scanned.push(table);
          this.rowsRead += after.read - read;
        }
        return result;
      },
      options,
    );
  }

  override look(actor: Acting, ...statements: readonly BoundStatement<unknown>[]): Promise<void> {
    return this.flight(actor, ...statements);
  }

  /** The counters are asked in the same transaction. */
  override flight(actor: Acting, ...statements: readonly BoundStatement<unknown>[]): Promise<void> {
    return this.as(actor, async (db) => {
      for (const statement of statements) statement.rows.push(...(await statement.in(db)));
    });
  }
}

async function countersOf(db: Executor) {
  const { rows } = await sql<{ table: string; scans: number; read: number }>`
    select relname as table, seq_scan as scans, seq_tup_read + coalesce(idx_tup_fetch, 0) as read
    from pg_stat_xact_user_tables where schemaname = 'public'`.execute(db);
  return new Map(rows.map(({ table, ...counters }) => [table, counters]));
}

const TURNS = 3000;

describe.each([
  ['with the statistics of a living database', true],
  ['before the database has statistics', false],
])('the cost of a page %s', (_when, analysed) => {
  let all: Conversations;
  let ada: Actor;
  let [short, long] = ['', ''];
  beforeAll(async () => {
    all = await Conversations.open();
    ada = await all.user();
    short = await all.session(ada);
    long = await all.session(ada);
    for (let n = 0; n < 25; n += 1) await all.exchange(ada, short, `q${n}`, `a${n}`);
    await fill(all, ada, long, analysed);
  });
  afterAll(() => all.close());

  async function costOf(work: (parts: ReturnType<typeof partsOn>) => Promise<unknown>) {
    const watched = new WatchedDatabase(all.db.pool);
    await work(partsOn(watched));
    return { scanned: [...new Set(watched.scanned)], read: watched.rowsRead };
  }

  it.each<[string, (session: string, parts: ReturnType<typeof partsOn>) => Promise<unknown>]>([
    ['the newest messages', (id, { messages }) => messages.page(ada, id, { after: null, limit: 21, order: 'desc' })],
    ['the oldest messages', (id, { messages }) => messages.page(ada, id, { after: 5, limit: 21, order: 'asc' })],
    ['the history of a turn', (id, { history }) => history.before(ada, id, 10_000_000, 20)],
    ['the log from its beginning', (id, { log }) => log.page(ada, id, 0, 50)],
    ['a stretch of the log', (id, { log }) => log.stretch(ada, id, 0, { limit: 50, maxBytes: 262_144 })],
    ['the end of the log', async (id, { log }) => log.page(ada, id, ((await log.lastSeq(ada, id)) ?? 0) - 20, 50)],
    [
      'where a run began',
      async (id, { messages, runs }) => {
        const [newest] = (await messages.page(ada, id, { after: null, limit: 1, order: 'desc' })) ?? [];
        expect(await runs.firstSeq(ada, id, newest?.run_id ?? '')).toBe((newest?.seq ?? 0) - 4);
      },
    ],
    ['what runs', (id, { runs }) => runs.running(ada, id)],
    ['the session', (id, { sessions }) => sessions.find(ada, id)],
  ])('%s does not grow with the session, and no table is read from end to end', async (_what, work) => {
    const [little, much] = [await costOf((parts) => work(short, parts)), await costOf((parts) => work(long, parts))];
    expect(much.scanned).toEqual([]);
    expect(much.read).toBeLessThanOrEqual(little.read + 10);
  });

  it.each<[string, (parts: ReturnType<typeof partsOn>) => Promise<unknown>]>([
    ['renewing the leases of a node', ({ leases }) => leases.renew(ada, 'nod_1', ['run_1', 'run_2'], 10)],
    ['finding what has lapsed', ({ leases }) => leases.lapsed(ada, 50)],
    ['counting what runs', ({ leases }) => leases.runningByOrganisation(ada)],
  ])('%s looks at no run that has ended', async (_what, work) => {
    expect(await costOf(work)).toEqual({ scanned: [], read: 0 });
  });

  it('is what the database counts', async () => {
    const { read } = await costOf(({ messages }) =>
      messages.page(ada, long, { after: null, limit: 21, order: 'desc' }),
    );
    expect(read).toBeGreaterThanOrEqual(21);
    const watched = new WatchedDatabase(all.db.pool);
    await watched.as(ada, (db) => sql`select sum(length(content)) from messages`.execute(db));
    expect(watched.scanned).toEqual(['messages']);
  });

  it('the list of sessions looks at one page of them', async () => {
    const { scanned, read } = await costOf(({ sessions }) =>
      sessions.page(ada, {}, { after: null, limit: 10, order: 'desc' }),
    );
    expect(scanned).toEqual([]);
    expect(read).toBeLessThanOrEqual(12);
  });
});

function partsOn(database: Database) {
  return {
    messages: new MessagesRepository(database),
    history: new HistoryRepository(database),
    log: new LogRepository(database),
    runs: new RunsRepository(database),
    leases: new LeasesRepository(database),
    sessions: new SessionsRepository(database),
  };
}

/** A long session and 200 others, put in at one stroke. */
async function fill(all: Conversations, ada: Actor, session: string, analysed: boolean): Promise<void> {
  const owner = new pg.Client({ connectionString: all.db.ownerUrl });
  await owner.connect();
  const ids = [ada.orgId, session, ada.principalId];
  await owner.query(
    `insert into messages (org_id, session_id, seq, id, owner_id, run_id, parent_id, turn_seq, role, author_type,
      author_id, content, status, created_at)
    select $1, $2, n * 6 + 1 + x * 4, 'msg_' || n || '_' || x, $3, 'run_' || n, null, n * 6 + 1,
      case x when 0 then 'user' else 'assistant' end, 'user', $3, 'words', 'complete', now()
    from generate_series(0, ${TURNS - 1}) as n, generate_series(0, 1) as x`,
    ids,
  );
  await owner.query(
    `insert into runs (org_id, id, session_id, owner_id, message_id, message_seq, queue_seq, status, actor, use_case,
      use_case_version, last_seq, created_at)
    select $1, 'run_' || n, $2, $3, 'msg_' || n || '_0', n * 6 + 1, n * 6 + 3, 'completed', '{}', 'basic_chat', 1,
      n * 6 + 6, now()
    from generate_series(0, ${TURNS - 1}) as n`,
    ids,
  );
  await owner.query(
    `insert into session_events (org_id, session_id, seq, type, run_id, message_id, at)
    select $1, $2, n * 6 + x, (array['message.created', 'run.started', 'component.started', 'component.completed',
      'message.created', 'run.completed'])[x], 'run_' || n, case x when 1 then 'msg_' || n || '_0'
      when 5 then 'msg_' || n || '_1' end, now()
    from generate_series(0, ${TURNS - 1}) as n, generate_series(1, 6) as x where $3::text is not null`,
    ids,
  );
  await owner.query('update sessions set last_seq = $1, message_count = $2 where id = $3', [
    TURNS * 6,
    TURNS * 2,
    session,
  ]);
  await owner.query(
    `insert into sessions (org_id, id, owner_id, use_case, last_activity_at, created_at, updated_at)
    select $1, 'ses_other' || n, $2, 'basic_chat', now(), now(), now() from generate_series(1, 200) as n`,
    [ada.orgId, ada.principalId],
  );
  if (analysed) await owner.query('analyze');
  await owner.end();
}
