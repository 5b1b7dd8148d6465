import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { ParleyNode } from '../support/nodes/parley-node.js';

/** Job queues that no process works wait for ever: whoever runs workers alone must find all of them served. */
describe('a worker without a serving process', () => {
  let db: TestDatabase;
  let worker: ParleyNode;
  let metricsPort: number;
  beforeAll(async () => {
    db = await openTestDatabase();
    metricsPort = await freePort();
    worker = await ParleyNode.start({
      role: 'worker',
      env: {
        DATABASE_URL: db.appUrl,
        DATABASE_MIGRATION_URL: db.ownerUrl,
        PARLEY__METRICS__PORT: String(metricsPort),
      },
    });
  }, 60_000);
  afterAll(async () => {
    await worker?.stop();
    await db.close();
  });

  const scalar = async (text: string, ...values: unknown[]) => {
    const { rows } = await db.pool.query<{ value: unknown }>(text, values);
    return rows[0]?.value;
  };
  const send = (name: string) =>
    db.pool.query('insert into pgboss.job (name, data) values ($1, \'{"payload":{}}\')', [name]);
  const done = async (check: () => Promise<unknown>) => {
    const until = Date.now() + 15_000;
    while ((await check()) !== true && Date.now() < until) await sleep(50);
    return check();
  };

  it('knows every job and schedules the regular ones', async () => {
    const regular =
      "select array_agg(name order by name) = '{auth.care,idempotency.purge}' as value from pgboss.schedule";
    expect(await done(() => scalar(regular))).toBe(true);
    const worked = "select array_agg(name) @> '{auth.care,idempotency.purge,session.title}' as value from pgboss.queue";
    expect(await done(() => scalar(worked))).toBe(true);
  });

  it('removes failed sign-ins that no rule looks at any more', async () => {
    await db.pool.query(
      "insert into login_failures (identifier, network, at) values ('\\x01', '192.0.2.0/24', now() - interval '2 hours')",
    );
    await send('auth.care');
    expect(await done(() => scalar('select count(*) = 0 as value from login_failures'))).toBe(true);
  });

  it('says how it is doing, as serving processes do', async () => {
    const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    const named = [...(await response.text()).matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name);
    expect(named).toEqual(
      expect.arrayContaining([
        'process_resident_memory_bytes',
        'nodejs_eventloop_lag_p99_seconds',
        'parley_jobs_waiting',
      ]),
    );
  });

  it('removes answers that nobody may ask for again', async () => {
    await db.pool.query("insert into principals (id, kind, created_at) values ('usr_1', 'user', now())");
    await db.pool.query(
      `insert into idempotency_keys (org_id, principal_id, key, fingerprint, state, created_at, expires_at)
       select id, 'usr_1', 'k', '\\x01', 'done', now() - interval '2 days', now() - interval '1 day' from organisations`,
    );
    await send('idempotency.purge');
    expect(await done(() => scalar('select count(*) = 0 as value from idempotency_keys'))).toBe(true);
  });
});
