import { Logger } from '@nestjs/common';
import { type Actor, systemActor } from '@parley/auth';
import { ProcessBus } from '@parley/platform/bus';
import { SettableClock } from '@parley/platform/clock';
import { configSchema } from '@parley/platform/config';
import { newId } from '@parley/platform/ids';
import { Metrics } from '@parley/platform/observability';
import { openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { DEFAULT_ORG_ID } from '@parley/schema';
import {
  AcceptRepository,
  type Admission,
  AppendRepository,
  DraftsRepository,
  LiveTexts,
  LogRepository,
  SessionsRepository,
} from '@parley/sessions';
import { Registry } from 'prom-client';
import { AT, begunRun } from '../chat.factory.js';
import { ChatMetrics } from '../chat.metrics.js';
import type { LiveRun } from './live-run.js';
import { Pacer } from './pacer.service.js';
import { RunBroadcast } from './run-broadcast.service.js';

const DONE = { success: true, status: 'ok', duration_ms: 3, error: null, metadata: {} } as const;
const PLAN = { version: 1, settings: {}, adjusted: [], answers: 'text_chat' } as const;
const ROOM: Admission = {
  nodeId: 'nod_a',
  leaseSeconds: 10,
  nodeHasRoom: true,
  onBusy: 'queue',
  maxQueued: 20,
  maxRunning: null,
};

describe('the broadcast of a run', () => {
  let db: TestDatabase;
  let gone: TestDatabase;
  let ada: Actor;
  let bus: ProcessBus;
  let session: string;
  beforeAll(async () => {
    Logger.overrideLogger(false);
    [db, gone] = await Promise.all([openTestDatabase(), openTestDatabase()]);
    await gone.close();
    const principalId = newId('user');
    await db.pool.query("insert into principals (id, kind, created_at) values ($1, 'user', now())", [principalId]);
    await db.pool.query('insert into memberships (org_id, principal_id, joined_at) values ($1, $2, now())', [
      DEFAULT_ORG_ID,
      principalId,
    ]);
    ada = { ...systemActor(DEFAULT_ORG_ID, []), kind: 'user', principalId };
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    bus = new ProcessBus();
    session = newId('session');
    const rest = { useCase: 'basic_chat', settings: {}, title: null, tags: [], metadata: {}, at: AT };
    await new SessionsRepository(db.database).insert(ada, { id: session, ...rest });
  });

  /** A run of the session that has begun, and what it is heard by. */
  async function speak(
    appends = new AppendRepository(db.database),
  ): Promise<{ broadcast: RunBroadcast; live: LiveRun }> {
    const [messageId, runId] = [newId('message'), newId('run')];
    const ids = { sessionId: session, messageId, runId, clientMessageId: null, correlationId: null, historyLimit: 0 };
    const message = { content: 'Hello?', parts: null, attachments: null, metadata: {}, authorName: 'Ada', context: {} };
    const turn = { ...ids, ...message, useCase: 'basic_chat', untitled: false, plan: PLAN, idempotency: null, at: AT };
    await new AcceptRepository(db.database).send(ada, turn, ROOM);
    const texts = new LiveTexts();
    const pacer = new Pacer(bus, texts, new DraftsRepository(db.database), configSchema.parse({}));
    const metrics = new ChatMetrics(new Metrics(new Registry()));
    const broadcast = new RunBroadcast(pacer, appends, texts, bus, new SettableClock(AT.getTime()), metrics);
    return { broadcast, live: broadcast.open(begunRun({ actor: ada, sessionId: session, messageId, runId })) };
  }
  const log = async () => (await new LogRepository(db.database).page(ada, session, 0, 100))?.events ?? [];
  const heard = () => {
    const seqs: (number | undefined)[] = [];
    bus.subscribe(`session:${session}`, ({ wake }) => seqs.push(wake));
    return seqs;
  };

  it('logs what components tell in the order in which they told it, each once it is stored', async () => {
    const { broadcast, live } = await speak();
    const wakes = heard();
    const before = (await log()).length;
    live.componentStarted('search');
    live.componentStarted('memory');
    live.componentCompleted('memory', DONE);
    live.componentCompleted('search', { ...DONE, metadata: { passages: 2 } });
    await broadcast.settle(live);
    const told = (await log()).slice(before);
    expect(told.map(({ type, run_id, data }) => [type, run_id, 'component' in data && data.component])).toEqual([
      ['component.started', live.run.runId, 'search'],
      ['component.started', live.run.runId, 'memory'],
      ['component.completed', live.run.runId, 'memory'],
      ['component.completed', live.run.runId, 'search'],
    ]);
    expect(told[3]?.data).toMatchObject({ status: 'ok', metadata: { passages: 2 } });
    expect(wakes).toEqual(told.map(({ seq }) => seq));
  });

  it('says nothing of a run that is the session’s no more', async () => {
    const { broadcast, live } = await speak();
    await db.pool.query('update sessions set active_run_id = null where id = $1', [session]);
    const before = await log();
    const wakes = heard();
    live.componentStarted('search');
    await broadcast.settle(live);
    expect(await log()).toEqual(before);
    expect(wakes).toEqual([]);
  });

  it('goes on where an event cannot be stored: the end of the run tells the same', async () => {
    const { broadcast, live } = await speak(new AppendRepository(gone.database));
    const before = await log();
    live.componentStarted('search');
    live.componentCompleted('search', DONE);
    await expect(broadcast.settle(live)).resolves.toBeUndefined();
    expect(await log()).toEqual(before);
  });
});
