import { setTimeout as sleep } from 'node:timers/promises';
import { SealedFields } from '../crypto/index.js';
import { NO_ORGANISATION } from '../database/index.js';
import { newId } from '../ids/index.js';
import { openTestDatabase, type TestDatabase } from '../testing/index.js';
import { type HttpTestApp, made, openHttpApp, read } from './http-app.factory.js';
import { IdempotencyRepository } from './idempotency/idempotency.repository.js';
import { StoredAnswers } from './idempotency/stored-answers.js';

let store: TestDatabase;
let http: HttpTestApp;
let alice: string;
let bob: string;

beforeAll(async () => {
  store = await openTestDatabase();
  await store.pool.query(
    `insert into organisations (id, name, is_home, created_at) values ('org_home', 'Home', false, now())`,
  );
  http = await openHttpApp(store.database);
  alice = await principal();
  bob = await principal();
});

afterAll(async () => {
  await http.app.close();
  await store.close();
});

beforeEach(() => {
  made.things = 0;
  made.hold = undefined;
});

async function principal(): Promise<string> {
  const id = newId('user');
  await store.pool.query(`insert into principals (id, kind, created_at) values ($1, 'user', now())`, [id]);
  return id;
}

function held(): { promise: Promise<void>; release: () => void } {
  const releases: Array<() => void> = [];
  const promise = new Promise<void>((resolve) => {
    releases.push(resolve);
  });
  return { promise, release: () => releases.at(0)?.() };
}

/** The answers that are there first, as they came. */
function firstOf(calls: readonly Promise<Response>[], count: number): Promise<Response[]> {
  const answers: Response[] = [];
  return new Promise((resolve, reject) => {
    for (const call of calls) {
      call.then((answer) => {
        if (answers.push(answer) === count) resolve(answers.slice());
      }, reject);
    }
  });
}

const create = (key: string, user: string | undefined, body: object = { name: 'a' }) =>
  fetch(`${http.url}/api/v1/things`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': key,
      ...(user === undefined ? {} : { 'x-user': user }),
    },
    body: JSON.stringify(body),
  });

it('gives the stored answer again, whole', async () => {
  const first = await create('again', alice);
  const second = await create('again', alice);
  expect(made.things).toBe(1);
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(await second.json()).toEqual(await first.json());
  expect(first.headers.has('idempotent-replayed')).toBe(false);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  for (const name of ['location', 'etag', 'cache-control']) {
    expect(second.headers.get(name)).toBe(first.headers.get(name));
  }
});

it('refuses another body with 422', async () => {
  await create('other', alice);
  const answer = await create('other', alice, { name: 'b' });
  expect([answer.status, (await read(answer)).code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
});

it('belongs to one principal; anonymous callers have none', async () => {
  await create('mine', alice);
  await create('mine', bob);
  await create('mine', undefined);
  await create('mine', undefined);
  expect(made.things).toBe(4);
});

it('answers 409 while the first call runs, and makes one thing of twenty calls at once', async () => {
  const { promise, release } = held();
  made.hold = promise;
  const calls = Array.from({ length: 20 }, () => create('race', alice));
  const refused = await firstOf(calls, 19);
  expect(refused.every(({ status }) => status === 409)).toBe(true);
  expect(refused[0]?.headers.get('retry-after')).toBe('1');
  release();
  const answers = await Promise.all(calls);
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(made.things).toBe(1);
  expect((await create('race', alice)).headers.get('idempotent-replayed')).toBe('true');
});

it('lets a failed call be tried again', async () => {
  made.failNext = true;
  expect((await create('fails', alice)).status).toBe(503);
  expect((await create('fails', alice, { name: 5 })).status).toBe(400);
  const answer = await create('fails', alice);
  expect([answer.status, answer.headers.has('idempotent-replayed')]).toEqual([201, false]);
});

it('takes over from a node that died in the middle, after half a minute', async () => {
  const row = [http.clock.now(), new Date(http.clock.millis() + 30_000), alice];
  await store.pool.query(
    `insert into idempotency_keys (org_id, principal_id, key, fingerprint, state, created_at, expires_at)
     select 'org_home', $3, 'dead', fingerprint, 'running', $1, $2 from idempotency_keys where key = 'again'`,
    row,
  );
  expect((await create('dead', alice)).status).toBe(409);
  http.clock.advance(30_001);
  expect((await create('dead', alice)).status).toBe(201);
  expect((await create('dead', alice)).headers.get('idempotent-replayed')).toBe('true');
});

it('keeps the key of a call for as long as it runs', async () => {
  const [keys, answers] = [http.app.get(IdempotencyRepository), http.app.get(StoredAnswers)];
  const fingerprint = Buffer.alloc(32, 1);
  const use = { orgId: 'org_home', principalId: alice, key: 'long', fingerprint, begunAt: http.clock.now() };
  await keys.begin(use, new Date(http.clock.millis() + 30));
  const stop = answers.renew(use, 30);
  const until = async () => {
    const { rows } = await store.pool.query<{ at: Date }>(
      "select expires_at as at from idempotency_keys where key = 'long'",
    );
    return (rows[0]?.at.getTime() ?? 0) - use.begunAt.getTime();
  };
  http.clock.advance(60_000);
  for (let tries = 0; (await until()) < 60_000 && tries < 200; tries += 1) await sleep(10);
  expect(await until()).toBe(60_030);
  stop();
  http.clock.advance(1000);
  await sleep(100);
  expect(await until()).toBe(60_030);
});

it('answers all the same where the answer cannot be kept', async () => {
  const gone = await openTestDatabase();
  await gone.close();
  const [ring, clock] = [http.app.get(SealedFields), http.clock];
  const answers = new StoredAnswers(new IdempotencyRepository(gone.database), ring, clock);
  const fingerprint = Buffer.alloc(32, 1);
  const use = { orgId: 'org_home', principalId: alice, key: 'lost', fingerprint, begunAt: clock.now() };
  const answer = { status: 201, headers: {}, body: { name: 'a' } };
  await expect(answers.keep(use, answer, clock.now())).resolves.toBeUndefined();
  await expect(answers.release(use)).resolves.toBeUndefined();
});

it('forgets after a day, and keeps nothing readable until then', async () => {
  await create('day', alice, { name: 'unreadable-in-the-table' });
  const { rows } = await store.pool.query<{ row: string }>(
    'select idempotency_keys::text as row from idempotency_keys',
  );
  expect(rows.length).toBeGreaterThan(3);
  expect(rows.every(({ row }) => !row.includes('unreadable'))).toBe(true);
  http.clock.advance(24 * 3600 * 1000 + 1);
  const answer = await create('day', alice, { name: 'another' });
  expect([answer.status, answer.headers.has('idempotent-replayed')]).toEqual([201, false]);
});

it('removes what is past its time', async () => {
  await create('old', alice);
  const repository = http.app.get(IdempotencyRepository);
  http.clock.advance(24 * 3600 * 1000 + 1);
  await create('young', alice);
  expect(await repository.purge(NO_ORGANISATION, http.clock.now())).toBeGreaterThan(0);
  const { rows } = await store.pool.query<{ key: string }>('select key from idempotency_keys');
  expect(rows).toEqual([{ key: 'young' }]);
});

it.each(['', 'a'.repeat(129), 'with space', 'ümlaut'])('refuses the key "%s"', async (key) => {
  const answer = await create(encodeURIComponent(key) === key ? key : key.replace('ü', '\u00fc'), alice);
  expect([answer.status, (await read(answer)).code]).toEqual([400, 'BAD_REQUEST']);
  expect(made.things).toBe(0);
});
