import { setTimeout as pause } from 'node:timers/promises';
import { systemActor } from '@parley/auth';
import { Bus, type BusListener } from '@parley/platform/bus';
import { openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { DEFAULT_ORG_ID } from '@parley/schema';
import { type OpenUseCases, openUseCases, planInput } from '../use-cases.factory.js';

const OTHER = 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const ADMIN = systemActor(DEFAULT_ORG_ID, ['use_case:configure']);

describe('overrides in the database', () => {
  let test: TestDatabase;
  let open: OpenUseCases[];
  beforeEach(async () => {
    test = await openTestDatabase();
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((one) => one.close()));
    await test.close();
  });

  /** A node of its own on the same database. */
  async function node(bus?: Bus): Promise<OpenUseCases> {
    const made = await openUseCases({ database: test.database, ...(bus === undefined ? {} : { bus }) });
    open.push(made);
    return made;
  }

  const temperature = ({ planner }: OpenUseCases) => planner.plan(ADMIN, planInput()).settings['text_chat'];
  const configure = (one: OpenUseCases, value: number) =>
    one.configuration.replace(ADMIN, 'basic_chat', { settings: { temperature: value } });

  it('are there after a restart, with their version and who set them', async () => {
    const first = await node();
    const stored = await configure(first, 0.1);
    expect(stored).toMatchObject({ updatedBy: 'system', name: 'basic_chat', version: 1, enabled: true, locked: [] });
    await first.configuration.replace(
      ADMIN,
      'basic_chat',
      { settings: { temperature: 0.2 }, locked: ['temperature'] },
      1,
    );
    expect(temperature(await node())).toMatchObject({ temperature: 0.2 });
    const { rows } = await test.pool.query('select version, locked, updated_by, updated_at from use_case_overrides');
    expect(rows).toEqual([
      { version: 2, locked: ['temperature'], updated_by: 'system', updated_at: first.clock.now() },
    ]);
  });

  it('count in their own organisation only', async () => {
    const one = await node();
    const { pool } = test;
    await pool.query('insert into organisations (id, name, created_at) values ($1, $2, now())', [OTHER, 'Other']);
    const stranger = systemActor(OTHER, ['use_case:configure']);
    await configure(one, 0.1);
    const theirs = () => one.planner.plan(stranger, planInput()).settings['text_chat'];
    expect(theirs()).toMatchObject({ temperature: 0.7 });
    expect(await one.configuration.get(stranger, 'basic_chat')).toMatchObject({ version: 0, settings: {} });
    await one.configuration.replace(stranger, 'basic_chat', { settings: { temperature: 0.9 } }, 0);
    expect([theirs(), temperature(one)]).toMatchObject([{ temperature: 0.9 }, { temperature: 0.1 }]);
    expect(await one.configuration.list(ADMIN)).toMatchObject([{ name: 'basic_chat', settings: { temperature: 0.1 } }]);
  });

  it('are begun on version 0, and on no other', async () => {
    const one = await node();
    const begin = (expected: number) => one.configuration.replace(ADMIN, 'basic_chat', {}, expected);
    await expect(begin(1)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect(await begin(0)).toMatchObject({ version: 1 });
    await expect(begin(0)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  });

  it('count on another node within two seconds, without a word from the bus', async () => {
    const [first, second] = [await node(), await node()];
    await configure(first, 0.3);
    expect(temperature(first)).toMatchObject({ temperature: 0.3 });
    expect(temperature(second)).toMatchObject({ temperature: 0.7 });
    await pause(2500);
    expect(temperature(second)).toMatchObject({ temperature: 0.3 });
  });

  it('count at once where the bus tells of them, or where it may have failed to', async () => {
    const line = new OtherNodesLine();
    const [first, second] = [await node(), await node(line)];
    await configure(first, 0.4);
    line.hears('use-cases');
    await pause(200);
    expect(temperature(second)).toMatchObject({ temperature: 0.4 });
    await configure(first, 0.5);
    line.doubts();
    await pause(200);
    expect(temperature(second)).toMatchObject({ temperature: 0.5 });
  });

  it('are decided on a version: of two that read the same one, one is told', async () => {
    const one = await node();
    const { version } = await configure(one, 0.1);
    const both = [0.2, 0.3].map((value) =>
      one.configuration.replace(ADMIN, 'basic_chat', { settings: { temperature: value } }, version),
    );
    const ended = await Promise.allSettled(both);
    expect(ended.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(ended.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'PRECONDITION_FAILED' },
    });
  });

  it('taken away leave a row, so that every node sees the change', async () => {
    const [first, second] = [await node(), await node()];
    await configure(first, 0.1);
    await second.overrides.refresh();
    await first.configuration.reset(ADMIN, 'basic_chat');
    await second.overrides.refresh();
    expect([temperature(first), temperature(second)]).toMatchObject([{ temperature: 0.7 }, { temperature: 0.7 }]);
  });

  it('that an older program stored are used as far as they are understood', async () => {
    await test.pool.query(
      `insert into use_case_overrides (org_id, name, settings, bounds, locked, enabled, updated_by, updated_at)
       values ($1, 'basic_chat', '{"temperature": 9, "model": "fast", "old_one": 1}', '{"temperature": {"step": 1}}',
         '{auto_title,old_lock}', true, 'somebody', now())`,
      [DEFAULT_ORG_ID],
    );
    const made = (await node()).planner.plan(ADMIN, planInput({ sessionSettings: { auto_title: false } }));
    expect(made).toMatchObject({ autoTitle: true, settings: { text_chat: { temperature: 2, model: 'fast' } } });
    expect(made.adjusted).toEqual([
      { setting: 'old_one', reason: 'unknown' },
      { setting: 'temperature', reason: 'out_of_bounds', used: 2 },
      { setting: 'auto_title', reason: 'fixed', used: true },
    ]);
  });

  it('stay as they are known while the database is away', async () => {
    const one = await node();
    await configure(one, 0.1);
    await test.pool.end();
    await expect(one.overrides.refresh()).rejects.toThrow();
    await pause(2500);
    expect(temperature(one)).toMatchObject({ temperature: 0.1 });
  });
});

/** What another node would say and fail to say. */
class OtherNodesLine extends Bus {
  readonly mode = 'notify';
  private readonly listeners = new Map<string, BusListener>();
  private readonly doubters: (() => void)[] = [];

  hears(channel: string): void {
    this.listeners.get(channel)?.({ wake: 1 }, 'remote');
  }

  doubts(): void {
    for (const doubter of this.doubters) doubter();
  }

  publish(): void {}

  subscribe(channel: string, listener: BusListener) {
    this.listeners.set(channel, listener);
    return { ready: Promise.resolve(), close: () => void this.listeners.delete(channel) };
  }

  state() {
    return { healthy: true };
  }

  onDoubt(listener: () => void): () => void {
    this.doubters.push(listener);
    return () => undefined;
  }
}
