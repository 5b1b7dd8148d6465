import { Logger } from '@nestjs/common';
import { SettableClock } from '@parley/platform/clock';
import { DraftsRepository, TrialsRepository } from '@parley/sessions';
import { Remains } from '../../libs/chat/src/runs/remains.service.js';
import type { ParleyClient } from '../support/nodes/client.js';
import { record } from '../support/sockets/index.js';
import { type Body, ChatWorld, items, until } from './chat-world.js';

const SECRET = 'swordfish-of-the-trial';
const HOUR_MS = 3_600_000;

describe('a trial of a use case', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  beforeAll(async () => {
    Logger.overrideLogger(false);
    world = await ChatWorld.open({ PARLEY__RUNS__LEASE_SECONDS: '2' });
    ada = await world.user();
  }, 60_000);
  afterAll(() => world.close());
  beforeEach(() => world.model.reset());

  const test = (body: Body, client = ada) => client.call('/chat/use-cases/basic_chat/test', { method: 'POST', body });
  const me = async () => String((await ada.call('/auth/me')).body['user_id']);

  /** Every place of the database, whatever the table or type, in which the words stand. */
  async function placesOf(words: string): Promise<string[]> {
    const tables = await world.query<{ place: string }>(
      `select format('%I.%I', n.nspname, c.relname) as place from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
         and has_table_privilege(c.oid, 'select')`,
    );
    expect(tables.length).toBeGreaterThan(20);
    const found: string[] = [];
    for (const { place } of tables) {
      const [row] = await world.query<{ n: number }>(
        `select count(*)::int as n from ${place} as t where to_jsonb(t)::text like '%' || $1 || '%'`,
        words,
      );
      if ((row?.n ?? 0) > 0) found.push(place);
    }
    return found;
  }

  const lists = async () =>
    Promise.all(['/chat/sessions', '/chat/use-cases'].map(async (path) => items(await ada.call(`${path}?limit=200`))));

  /** Trial principals that are in the database at this moment. */
  const trials = async () =>
    (await world.query<{ id: string }>("select id from principals where kind = 'trial'")).map(({ id }) => id);

  it('runs for real, tells how it went, and leaves nothing but what it cost its caller', async () => {
    await world.answer(ada, await world.session(ada), 'a conversation of her own');
    const before = await lists();
    const paid = await world.query('select coalesce(max(id), 0) as id from usage');
    world.model.always({ text: `an answer about ${SECRET}`, delayMs: 400 });
    const running = test({ message: `tell me of ${SECRET}`, settings: { personality: 'technical_expert' } });
    const [trial] = await until(async () => {
      const found = await trials();
      return found.length === 1 ? found : undefined;
    }, 'the principal of the trial');
    // The scan finds it while it is there: it would find it afterwards too.
    await until(async () => ((await placesOf(SECRET)).includes('public.messages') ? true : undefined), 'its words');
    expect(await placesOf(String(trial))).toEqual(
      expect.arrayContaining(['public.principals', 'public.sessions', 'public.runs']),
    );

    const { status, body } = await running;
    expect(status).toBe(200);
    expect(body).toMatchObject({ use_case: 'basic_chat', message: `tell me of ${SECRET}` });
    expect(body['processing_time_ms']).toBeGreaterThanOrEqual(400);
    const result = record(body['result']);
    expect(record(result['response'])['content']).toBe(`an answer about ${SECRET}`);
    expect(result).toMatchObject({
      components_used: ['text_chat'],
      component_results: { text_chat: { success: true } },
    });
    const trace = body['trace'];
    expect(Array.isArray(trace) ? trace.map((step) => record(step)['type']) : []).toEqual([
      'run.started',
      'component.started',
      'component.completed',
      'run.completed',
    ]);

    expect(await placesOf(SECRET)).toEqual([]);
    expect(await placesOf(String(trial))).toEqual([]);
    expect(await placesOf(String(result['session_id']))).toEqual([]);
    expect(await lists()).toEqual(before);
    expect((await ada.call(`/chat/sessions/${String(result['session_id'])}`)).status).toBe(404);

    const { input_tokens, output_tokens } = record(result['usage']);
    const booked = await world.query(
      'select principal_id, session_id, run_id, purpose, input_tokens, output_tokens from usage where id > $1',
      paid[0]?.['id'],
    );
    expect(booked).toEqual([
      { principal_id: await me(), session_id: null, run_id: null, purpose: 'answer', input_tokens, output_tokens },
    ]);
    expect(world.model.requests({ user: new RegExp(SECRET) })).toHaveLength(1);
    expect(JSON.stringify(world.model.request({ user: new RegExp(SECRET) }).body)).toContain('Technical Expert');
  });

  it('has nobody write a title or learn from it afterwards', async () => {
    world.model.always({ text: `about ${SECRET}` });
    const settings = { auto_title: true, text_chat: { summary_enabled: true, summary_threshold: 10 } };
    expect((await test({ message: SECRET, settings: { ...settings, max_context_messages: 0 } })).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(world.model.requests()).toHaveLength(1);
    expect(
      await world.query("select name from pgboss.job where name like 'session.%' and data::text like '%trl_%'"),
    ).toEqual([]);
    expect(await placesOf(SECRET)).toEqual([]);
  });

  it('that fails tells why and leaves nothing either', async () => {
    world.model.always({ chunks: [`half about ${SECRET}`, ' and more'], cutAfter: 1 });
    const { status, body } = await test({ message: SECRET });
    expect([status, body['code']]).toEqual([502, 'MODEL_STREAM_CUT']);
    expect(await placesOf(SECRET)).toEqual([]);
    expect(await trials()).toEqual([]);
  });

  it.each<[string, Body, number, string]>([
    ['an unknown setting', { message: SECRET, settings: { max_documnets: 1 } }, 400, 'UNKNOWN_KEY'],
    ['a value outside its bounds', { message: SECRET, settings: { temperature: 3 } }, 400, 'OUT_OF_BOUNDS'],
    ['no message', { message: '' }, 400, 'VALIDATION_FAILED'],
    [
      'an attachment',
      { message: SECRET, attachments: [{ media_id: 'med_00000000000000000000000000' }] },
      400,
      'MEDIA_KIND_NOT_ALLOWED',
    ],
    ['an unknown member', { message: SECRET, use_case: 'x' }, 400, 'UNKNOWN_FIELD'],
  ])('is refused with %s, asks no model and leaves nothing', async (_, body, status, code) => {
    const refused = await test(body);
    expect(refused.status).toBe(status);
    expect(JSON.stringify(refused.body)).toContain(code);
    expect(world.model.requests()).toEqual([]);
    expect(await placesOf(SECRET)).toEqual([]);
    expect(await trials()).toEqual([]);
  });

  it('whose node is killed is swept once it is an hour old', async () => {
    world.model.always({ chunks: [`half about ${SECRET}, `, 'the rest'], betweenMs: 60_000 });
    const lost = test({ message: SECRET }).catch((error: unknown) => error);
    const [request] = await world.model.waitFor((one) => one.sent.includes('half'), 1, 10_000);
    expect(request?.sent).toContain(SECRET);
    await until(async () => ((await placesOf(SECRET)).includes('public.message_drafts') ? true : undefined), 'drafts');
    await world.node.kill();
    await lost;
    const [trial] = await trials();
    expect(await placesOf(SECRET)).toContain('public.messages');

    await world.restart();
    const under = 'select from runs where owner_id = $1 and finished_at is null';
    await until(async () => ((await world.query(under, trial)).length === 0 ? true : undefined), 'the end of its run');
    const [begun] = await world.query<{ at: Date }>('select created_at as at from principals where id = $1', trial);
    const clock = new SettableClock(Number(begun?.at) + HOUR_MS - 1000);
    const { database } = world.db;
    const remains = new Remains(new DraftsRepository(database), new TrialsRepository(database), clock);
    await remains.remove();
    expect(await trials()).toEqual([trial]);
    expect(await placesOf(SECRET)).toContain('public.messages');
    clock.advance(1001);
    await remains.remove();
    expect(await trials()).toEqual([]);
    expect(await placesOf(SECRET)).toEqual([]);
    expect(await placesOf(String(trial))).toEqual([]);
    expect(await world.query('select from memberships where principal_id = $1', trial)).toEqual([]);
  }, 60_000);
});
