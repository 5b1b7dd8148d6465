import type { ParleyClient } from '../support/nodes/client.js';
import { EventSourceLine, record } from '../support/sockets/index.js';
import { type Body, ChatWorld, codesOf, items, messagesOf, sameProblem, until } from './chat-world.js';

const UNKNOWN = { session: 'ses_00000000000000000000000000', message: 'msg_00000000000000000000000000' };
const UNKNOWN_RUN = 'run_00000000000000000000000000';

describe('a conversation over REST', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let session: string;
  beforeAll(async () => {
    world = await ChatWorld.open();
    ada = await world.user();
  }, 60_000);
  afterAll(() => world.close());
  beforeEach(async () => {
    world.model.reset();
    session = await world.session(ada);
  });

  const at = (path = '') => `/chat/sessions/${session}${path}`;
  it('pages through its log, and says where it goes on', async () => {
    await world.answer(ada, session, 'hello');
    const first = await ada.call(at('/events?limit=2'));
    expect(items(first).map(({ seq }) => seq)).toEqual([1, 2]);
    const next = /^<\/api\/v1([^>]+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    expect(items(await ada.call(next)).map(({ seq }) => seq)).toEqual([3, 4]);
  });

  const idOf = (turn: Body, member: string) => String(record(turn[member])['message_id']);
  const regenerate = (messageId: string, call = {}) =>
    ada.call(`${messagesOf(session)}/${messageId}/regenerate`, { method: 'POST', body: {}, ...call });
  const asked = () => {
    const request = world.asked().at(-1);
    return request === undefined
      ? []
      : ChatWorld.promptOf(request)
          .slice(1)
          .map(({ content }) => content);
  };

  describe('waiting for the answer', () => {
    it('is not needed: 202 with the run, which Location leads to', async () => {
      world.model.always({ text: 'at last', delayMs: 300 });
      const { sent, runId, messageId, status } = await world.leave(ada, session, 'hello');
      expect(status).toBe('running');
      expect(sent.headers.get('location')).toBe(`/api/v1/chat/sessions/${session}/runs/${runId}`);
      expect(sent.body).toMatchObject({ session_id: session, message: { message_id: messageId, run_id: runId } });
      expect(await world.ended(ada, session, runId)).toMatchObject({ status: 'completed', error: null });
    });

    it('ends with the patience that was asked for, and the run goes on', async () => {
      world.model.always({ text: 'at last', delayMs: 1600 });
      const begun = performance.now();
      const { status, body } = await world.say(ada, session, 'hello', {}, { Prefer: 'wait=1' });
      expect(status).toBe(202);
      expect(performance.now() - begun).toBeGreaterThan(950);
      expect(performance.now() - begun).toBeLessThan(1500);
      const run = record(body['run']);
      expect(run['status']).toBe('running');
      await world.ended(ada, session, String(run['run_id']));
      expect(await world.contents(ada, session)).toEqual(['hello', 'at last']);
    });

    it('queues what comes meanwhile; its request holds question and answer of the turn before', async () => {
      world.model.script({ when: { user: /first/ }, reply: { text: 'first answer', delayMs: 400 } });
      const first = await world.leave(ada, session, 'first question');
      const second = await world.leave(ada, session, 'second question');
      expect([first.status, second.status]).toEqual(['running', 'queued']);
      await world.ended(ada, session, second.runId);
      expect(asked()).toEqual(['first question', 'first answer', 'second question']);
    });

    it('is refused once 20 wait, with nothing stored', async () => {
      world.model.script({ when: { user: /^slow$/ }, reply: { text: 'x', delayMs: 60_000 } });
      const { runId } = await world.leave(ada, session, 'slow');
      for (let n = 0; n < 20; n += 1) await world.leave(ada, session, `n${n}`);
      const refused = await world.say(ada, session, 'one too many');
      expect([refused.status, refused.body['code']]).toEqual([429, 'QUEUE_FULL']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      await world.cancel(ada, session, runId);
      await until(async () => ((await world.contents(ada, session)).length === 41 ? true : undefined), 'all answers');
      expect(await world.contents(ada, session)).not.toContain('one too many');
    });
  });

  describe('a repetition with the same Idempotency-Key', () => {
    it('joins the run of the first call, as JSON and as a stream, while it runs and afterwards', async () => {
      world.model.always({ text: 'only one', delayMs: 300 });
      const headers = { 'Idempotency-Key': `key-${session}` };
      const twice = await Promise.all([1, 2].map(() => world.say(ada, session, 'once', {}, headers)));
      const stream = await EventSourceLine.open(ada, messagesOf(session), {
        method: 'POST',
        body: { content: 'once' },
        headers,
      });
      await stream.view.over();
      const [first, second] = twice.map(({ status, body }) => ({ status, ...body, processing_time_ms: 0 }));
      expect(first).toMatchObject({ status: 201 });
      expect(second).toEqual(first);
      const replayed = twice.map((answer) => answer.headers.get('idempotent-replayed')).sort();
      expect([...replayed, stream.response.headers.get('idempotent-replayed')]).toEqual(['true', null, 'true'].sort());
      expect(stream.view.events).toEqual(await world.events(ada, session));
      expect(world.asked()).toHaveLength(1);
    });

    it('is refused with another body, and is of no concern to another user', async () => {
      const headers = { 'Idempotency-Key': `key-${session}` };
      await world.say(ada, session, 'once', {}, headers);
      const other = await world.say(ada, session, 'twice', {}, headers);
      expect([other.status, other.body['code']]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
      const eve = await world.user();
      expect((await world.say(eve, await world.session(eve), 'once', {}, headers)).status).toBe(201);
      expect(await world.contents(ada, session)).toHaveLength(2);
    });

    it('is a new call when the day of the key is over', async () => {
      const headers = { 'Idempotency-Key': `key-${session}` };
      await world.say(ada, session, 'yesterday', {}, headers);
      await world.query(
        "update idempotency_keys set expires_at = now() - interval '1 second' where key = $1",
        headers['Idempotency-Key'],
      );
      const today = await world.say(ada, session, 'today', {}, headers);
      expect(today.status).toBe(201);
      expect(today.headers.get('idempotent-replayed')).toBeNull();
      const again = await world.say(ada, session, 'today', {}, headers);
      expect(again.body['run_id']).toBe(today.body['run_id']);
      expect(await world.contents(ada, session)).toHaveLength(4);
    });

    it('makes one regeneration', async () => {
      const turn = await world.answer(ada, session, 'why?');
      const headers = { 'Idempotency-Key': `again-${session}` };
      const twice = await Promise.all([1, 2].map(() => regenerate(idOf(turn, 'message'), { headers })));
      expect(twice.map(({ body }) => body['run_id'])).toEqual([twice[0]?.body['run_id'], twice[0]?.body['run_id']]);
      expect(await world.contents(ada, session)).toHaveLength(3);
    });
  });

  describe('regenerating', () => {
    it.each(['message', 'response'])(
      'by the id of the %s makes a sibling, and history holds the newer',
      async (member) => {
        world.model.script({ reply: { text: 'older' }, times: 1 });
        world.model.script({ reply: { text: 'newer' }, times: 1 });
        const turn = await world.answer(ada, session, 'why?');
        const { status, body } = await regenerate(idOf(turn, member));
        expect(status).toBe(201);
        expect(body['response']).toMatchObject({
          content: 'newer',
          parent_id: idOf(turn, 'message'),
          superseded: false,
        });
        expect((await world.messages(ada, session)).map(({ content, superseded }) => [content, superseded])).toEqual([
          ['why?', false],
          ['older', true],
          ['newer', false],
        ]);
        const next = await world.answer(ada, session, 'go on');
        expect(asked()).toEqual(['why?', 'newer', 'go on']);
        expect(record(next['message'])['parent_id']).toBe(idOf(body, 'response'));
      },
    );

    it('shows the model what came before that turn, and nothing after it', async () => {
      await world.answer(ada, session, 'one');
      const turn = await world.answer(ada, session, 'two');
      await world.answer(ada, session, 'three');
      await regenerate(idOf(turn, 'response'));
      expect(asked()).toEqual(['one', expect.any(String), 'two']);
    });

    it('leaves the older answer where the new one breaks', async () => {
      const turn = await world.answer(ada, session, 'why?');
      world.model.script({ reply: { chunks: ['brok', 'en'], cutAfter: 1 }, times: 1 });
      expect((await regenerate(idOf(turn, 'message'))).body['code']).toBe('MODEL_STREAM_CUT');
      expect(await world.messages(ada, session)).toMatchObject([
        { content: 'why?' },
        { superseded: false, status: 'complete' },
        { content: 'brok', superseded: true, status: 'partial' },
      ]);
    });
  });

  describe('erasing a message', () => {
    it('takes its words from every answer, replay and request, and keeps its place', async () => {
      const turn = await world.answer(ada, session, 'the password is swordfish', { metadata: { hint: 'swordfish' } });
      const before = await world.events(ada, session);
      const erased = await ada.call(`${messagesOf(session)}/${idOf(turn, 'message')}`, { method: 'DELETE' });
      expect(erased.status).toBe(204);
      const events = await world.events(ada, session);
      expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: before.length + 1 }, (_, n) => n + 1));
      expect(events.at(-1)).toMatchObject({ type: 'message.updated', data: { status: 'deleted', content: '' } });
      for (const read of [events, await world.messages(ada, session)]) {
        expect(JSON.stringify(read).replaceAll(String(record(turn['response'])['content']), '')).not.toContain(
          'swordfish',
        );
      }
      await world.answer(ada, session, 'next');
      expect(asked()).not.toContain('the password is swordfish');
      const gone = idOf(turn, 'message');
      expect((await regenerate(gone)).body['code']).toBe('MESSAGE_DELETED');
      const rated = await ada.call(`${messagesOf(session)}/${gone}/feedback`, {
        method: 'POST',
        body: { rating: 'up' },
      });
      expect(rated.body['code']).toBe('MESSAGE_DELETED');
    });

    it('waits until it is answered', async () => {
      world.model.always({ text: 'x', delayMs: 60_000 });
      const { messageId, runId } = await world.leave(ada, session, 'slow');
      const erased = await ada.call(`${messagesOf(session)}/${messageId}`, { method: 'DELETE' });
      expect([erased.status, erased.body['code']]).toEqual([409, 'RUN_IN_PROGRESS']);
      await world.cancel(ada, session, runId);
    });
  });

  describe('cancelling', () => {
    it('ends a running answer within a second, closes the line to the model, and keeps what was said', async () => {
      world.model.always({ chunks: ['said ', 'so ', 'far'], betweenMs: 400 });
      const { runId } = await world.leave(ada, session, 'slow');
      const request = await until(async () => world.asked().find(({ sent }) => sent === 'said so '), 'two chunks');
      const begun = performance.now();
      expect((await world.cancel(ada, session, runId)).status).toBe(202);
      expect(await world.ended(ada, session, runId)).toMatchObject({ status: 'cancelled' });
      expect(performance.now() - begun).toBeLessThan(1000);
      await until(async () => (request.aborted ? true : undefined), 'the closed line', 1000);
      expect((await world.messages(ada, session))[1]).toMatchObject({
        content: 'said so ',
        status: 'partial',
        finish_reason: 'cancelled',
      });
      expect((await world.cancel(ada, session, runId)).body).toMatchObject({ status: 'cancelled' });
    });

    it('tells who waits for the answer, and ends a queued run at once', async () => {
      world.model.script({ when: { user: /slow/ }, reply: { text: 'x', delayMs: 60_000 } });
      const first = await world.leave(ada, session, 'slow');
      const second = await world.leave(ada, session, 'queued');
      expect((await world.cancel(ada, session, second.runId)).body).toMatchObject({ status: 'cancelled' });
      const waiting = world.say(ada, session, 'slow again');
      await until(async () => ((await world.messages(ada, session)).length === 3 ? true : undefined), 'the message');
      const last = String((await world.messages(ada, session)).at(-1)?.['run_id']);
      await world.cancel(ada, session, last);
      expect(await waiting).toMatchObject({ status: 409, body: { code: 'RUN_CANCELLED', run_id: last } });
      await world.cancel(ada, session, first.runId);
      expect(await world.ended(ada, session, first.runId)).toMatchObject({ status: 'cancelled' });
      expect(await world.contents(ada, session)).toEqual(['slow', 'queued', 'slow again']);
    });
  });

  it('ends with its session: the line to the model is closed, and who waits is told', async () => {
    world.model.always({ chunks: ['some ', 'text'], betweenMs: 60_000 });
    const waiting = world.say(ada, session, 'slow');
    const request = await until(async () => world.asked().find(({ sent }) => sent === 'some '), 'some text');
    expect((await ada.call(at(), { method: 'DELETE' })).status).toBe(204);
    expect(await waiting).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    await until(async () => (request.aborted ? true : undefined), 'the closed line', 1000);
    const runs = () => world.query('select status from runs where session_id = $1', session);
    await until(
      async () => ((await runs())[0]?.['status'] === 'cancelled' ? true : undefined),
      'the end of the run',
      1000,
    );
  });

  it('takes feedback once per person and message, the later in place of the earlier', async () => {
    const turn = await world.answer(ada, session, 'hello');
    const path = `${messagesOf(session)}/${idOf(turn, 'response')}/feedback`;
    const up = await ada.call(path, { method: 'POST', body: { rating: 'up' } });
    const down = await ada.call(path, { method: 'POST', body: { rating: 'down', comment: 'too short' } });
    expect([up.status, down.status]).toEqual([201, 201]);
    expect(down.body).toMatchObject({ feedback_id: up.body['feedback_id'], rating: 'down', comment: 'too short' });
    const stored = await world.query('select rating, comment from feedback where session_id = $1', session);
    expect(stored).toEqual([{ rating: 'down', comment: 'too short' }]);
    expect((await ada.call(path, { method: 'POST', body: { rating: 'fine' } })).status).toBe(400);
    expect((await ada.call(path, { method: 'POST', body: { rating: 'up', comment: 'x'.repeat(1001) } })).status).toBe(
      400,
    );
  });

  it('is exported whole in three formats', async () => {
    world.model.always({ text: '=1+1' });
    await world.answer(ada, session, 'a "quoted", text\nof two lines');
    const download = async (format: string) => {
      const response = await ada.fetch(at(`/export?format=${format}`));
      expect(response.headers.get('content-disposition')).toContain('attachment');
      return response.text();
    };
    const json = record(JSON.parse(await download('json')));
    expect(json).toMatchObject({ format: 'parley.conversation', version: 1, session: { session_id: session } });
    expect(json['messages']).toEqual(await world.messages(ada, session));
    const markdown = await download('markdown');
    expect(markdown).toContain('# Journey');
    expect(markdown).toContain('=1+1');
    const csv = (await download('csv')).split('\r\n');
    expect(csv[0]).toBe('seq,message_id,parent_id,role,author,status,superseded,finish_reason,created_at,content');
    expect(csv[1]).toContain('"a ""quoted"", text\nof two lines"');
    expect(csv[2]).toMatch(/,'=1\+1$/);
    expect((await ada.call(at('/export?format=pdf'))).status).toBe(400);
  });

  it('is cloned, whole or up to a message, without asking a model', async () => {
    const first = await world.answer(ada, session, 'one');
    await world.answer(ada, session, 'two');
    const requests = world.asked().length;
    const whole = await ada.call(at('/clone'), { method: 'POST', body: {} });
    const body = { title: 'Half', up_to_message_id: idOf(first, 'response') };
    const half = await ada.call(at('/clone'), { method: 'POST', body });
    expect([whole.status, half.status]).toEqual([201, 201]);
    expect(whole.headers.get('location')).toBe(`/api/v1/chat/sessions/${String(whole.body['session_id'])}`);
    const contents = await world.contents(ada, session);
    expect(await world.contents(ada, String(whole.body['session_id']))).toEqual(contents);
    expect(half.body).toMatchObject({ title: 'Half', message_count: 2, last_seq: 2 });
    expect(world.asked()).toHaveLength(requests);
    await world.answer(ada, String(half.body['session_id']), 'and now?');
    expect(asked()).toEqual([...contents.slice(0, 2), 'and now?']);
    for (const up_to_message_id of [UNKNOWN.message, 'nonsense']) {
      expect((await ada.call(at('/clone'), { method: 'POST', body: { up_to_message_id } })).status).toBe(404);
    }
    expect((await ada.call(at('/clone'), { method: 'POST', body: { up_to_message_id: null } })).status).toBe(400);
  });

  it('is changed by a merge patch, by who knows its version, and says so in the log', async () => {
    const read = await ada.call(at());
    expect(read.headers.get('etag')).toBe('"1.0"');
    expect((await ada.fetch(at(), { headers: { 'If-None-Match': '"1.0"' } })).status).toBe(304);
    const settings = { temperature: 1, text_chat: { response_prefix: 'a' } };
    const body = { settings, title: 'New', tags: ['x'], metadata: { a: 1 } };
    const changed = await ada.call(at(), { method: 'PUT', body, headers: { 'If-Match': '"1.0"' } });
    expect(changed).toMatchObject({ status: 200, body: { settings, title: 'New', tags: ['x'], version: 2 } });
    const late = await ada.call(at(), { method: 'PUT', body: { title: 'Late' }, headers: { 'If-Match': '"1.0"' } });
    expect([late.status, late.body['code']]).toEqual([412, 'PRECONDITION_FAILED']);
    const patched = await ada.call(at(), {
      method: 'PUT',
      body: { settings: { temperature: null }, status: 'archived' },
    });
    expect(patched.body).toMatchObject({ settings: { text_chat: { response_prefix: 'a' } }, status: 'archived' });
    for (const bad of [
      { tags: null },
      { metadata: null },
      { settings: null },
      { status: null },
      { title: '' },
      { x: 1 },
    ]) {
      expect((await ada.call(at(), { method: 'PUT', body: bad })).status).toBe(400);
    }
    expect((await ada.call(at(), { method: 'PUT', body: { settings: { temperature: 3 } } })).status).toBe(400);
    expect((await ada.call(at())).body).toMatchObject({ title: 'New', version: 3, last_seq: 2 });
    expect((await world.events(ada, session)).map(({ type }) => type)).toEqual(['session.updated', 'session.updated']);
  });

  it('is listed page by page, by use case, tag, status and words, with the fields asked for', async () => {
    const eve = await world.user();
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1)
      made.push(await world.session(eve, { title: `No ${n}`, tags: [n % 2 === 0 ? 'even' : 'odd'] }));
    const titles = async (query: string) => items(await eve.call(`/chat/sessions?${query}`)).map(({ title }) => title);
    expect(await titles('')).toEqual(['No 4', 'No 3', 'No 2', 'No 1', 'No 0']);
    expect(await titles('order=asc&tag=even')).toEqual(['No 0', 'No 2', 'No 4']);
    expect(await titles('q=no%203')).toEqual(['No 3']);
    expect(await titles('q=%25')).toEqual([]);
    expect(await titles('use_case=rag_chat')).toEqual([]);
    await world.answer(eve, made[0] ?? '', 'hello');
    const first = await eve.call('/chat/sessions?limit=2&fields=session_id,title');
    expect(items(first)).toEqual([
      { session_id: made[0], title: 'No 0' },
      { session_id: made[4], title: 'No 4' },
    ]);
    expect(first.headers.get('link')).toContain('rel="next"');
    const cursor = String(first.body['next_cursor']);
    await world.session(eve, { title: 'Meanwhile' });
    expect(await titles(`limit=2&cursor=${cursor}`)).toEqual(['No 3', 'No 2']);
    for (const [query, client] of [
      [`cursor=${cursor}`, ada],
      ['cursor=nonsense', eve],
      [`cursor=${cursor}&tag=odd`, eve],
    ] as const) {
      expect((await client.call(`/chat/sessions?${query}`)).body['code']).toBe('INVALID_CURSOR');
    }
    expect((await eve.call('/chat/sessions?limit=201')).status).toBe(400);
  });

  it('pages through messages, with what components reported where that is asked', async () => {
    for (const text of ['one', 'two']) await world.answer(ada, session, text);
    const newest = await ada.call(`${messagesOf(session)}?limit=3&include=component_results`);
    expect(items(newest).map(({ seq }) => seq)).toEqual([11, 7, 5]);
    expect(items(newest)[0]).toMatchObject({ component_results: { text_chat: { success: true } } });
    expect(items(newest)[1]).not.toHaveProperty('component_results');
    const rest = await ada.call(`${messagesOf(session)}?limit=3&cursor=${String(newest.body['next_cursor'])}`);
    expect(items(rest).map(({ seq }) => seq)).toEqual([1]);
    expect(rest.body['next_cursor']).toBeNull();
    const page = await ada.call(at('/events?after=9&limit=2'));
    expect(items(page).map(({ seq }) => seq)).toEqual([10, 11]);
    const last = await ada.call(at(`/events?limit=2&cursor=${String(page.body['next_cursor'])}`));
    expect(items(last).map(({ seq }) => seq)).toEqual([12]);
  });

  it('pages through the log backwards too, down to where the reader stands, with the members that it wants', async () => {
    for (const text of ['one', 'two']) await world.answer(ada, session, text);
    const query = 'after=8&order=desc&limit=3&fields=seq,type';
    const first = await ada.call(at(`/events?${query}`));
    expect(first.body['items']).toEqual([
      { seq: 12, type: 'run.completed' },
      { seq: 11, type: 'message.created' },
      { seq: 10, type: 'component.completed' },
    ]);
    const cursor = String(first.body['next_cursor']);
    const rest = await ada.call(at(`/events?${query}&cursor=${cursor}`));
    expect(rest.body).toEqual({ items: [{ seq: 9, type: 'component.started' }], next_cursor: null });
    for (const other of ['order=asc&after=8', 'order=desc&after=0', '']) {
      const { body } = await ada.call(at(`/events?${other}&cursor=${cursor}`));
      expect([other, body['code']]).toEqual([other, 'INVALID_CURSOR']);
    }
    const all = await ada.call(at('/events?order=desc&fields=seq'));
    expect(items(all).map(({ seq }) => seq)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  describe('does not take', () => {
    it.each<[string, unknown, number, string]>([
      ['malformed JSON', '{"content": ', 400, 'BAD_REQUEST'],
      ['no content', {}, 400, 'VALIDATION_FAILED'],
      ['a wrong type', { content: { text: 'x' } }, 400, 'VALIDATION_FAILED'],
      ['an unknown member', { content: 'x', evil: true }, 400, 'UNKNOWN_FIELD'],
      ['an empty message', { content: '' }, 400, 'OUT_OF_BOUNDS'],
      ['white space', { content: ' \n\t ' }, 400, 'OUT_OF_BOUNDS'],
      ['U+0000', { content: 'a\u0000b' }, 400, 'INVALID_TEXT'],
      ['a lone surrogate', '{"content":"a\\udc00b"}', 400, 'INVALID_TEXT'],
      ['an unknown context key', { content: 'x', context: { evil: 1 } }, 400, 'UNKNOWN_KEY'],
      ['a setting that holds per session', { content: 'x', context: { max_context_messages: 1 } }, 400, 'NOT_PER_TURN'],
      [
        'an attachment',
        { content: 'x', attachments: [{ media_id: 'med_00000000000000000000000000' }] },
        400,
        'MEDIA_KIND_NOT_ALLOWED',
      ],
      ['two megabytes', { content: 'x'.repeat(2_000_000) }, 413, 'PAYLOAD_TOO_LARGE'],
    ])('%s: nothing is stored and no model asked', async (_what, body, status, code) => {
      const refused = await ada.call(messagesOf(session), { method: 'POST', body });
      expect(refused.status).toBe(status);
      expect([refused.body['code'], ...codesOf(refused.body).map((one) => one.code)]).toContain(code);
      expect(await world.messages(ada, session)).toEqual([]);
      expect(world.asked()).toEqual([]);
    });
  });

  it('is nobody else’s: what is foreign answers as what is unknown', async () => {
    const turn = await world.answer(ada, session, 'private');
    const message = idOf(turn, 'message');
    const run = String(turn['run_id']);
    const eve = await world.user();
    const calls = (s: string, m: string, r: string): [string, string, Body | undefined][] => [
      ['GET', `/chat/sessions/${s}`, undefined],
      ['PUT', `/chat/sessions/${s}`, { title: 'mine' }],
      ['DELETE', `/chat/sessions/${s}`, undefined],
      ['POST', `/chat/sessions/${s}/clone`, {}],
      ['GET', `/chat/sessions/${s}/export`, undefined],
      ['GET', `/chat/sessions/${s}/events`, undefined],
      ['GET', `/chat/sessions/${s}/messages`, undefined],
      ['POST', `/chat/sessions/${s}/messages`, { content: 'x' }],
      ['GET', `/chat/sessions/${s}/messages/${m}`, undefined],
      ['DELETE', `/chat/sessions/${s}/messages/${m}`, undefined],
      ['POST', `/chat/sessions/${s}/messages/${m}/regenerate`, {}],
      ['POST', `/chat/sessions/${s}/messages/${m}/feedback`, { rating: 'up' }],
      ['GET', `/chat/sessions/${s}/runs/${r}`, undefined],
      ['POST', `/chat/sessions/${s}/runs/${r}/cancel`, undefined],
      ['POST', `/chat/sessions/${s}/runs/${r}/input`, { action_id: 'act_1' }],
    ];
    const unknown = calls(UNKNOWN.session, UNKNOWN.message, UNKNOWN_RUN);
    const malformed = calls('ses_x', 'msg_x', 'run_x');
    for (const [index, [method, path, body]] of calls(session, message, run).entries()) {
      const call = body === undefined ? { method } : { method, body };
      const foreign = await eve.call(path, call);
      expect({ path, status: foreign.status }).toEqual({ path, status: 404 });
      for (const others of [unknown, malformed]) {
        const other = await eve.call(others[index]?.[1] ?? '', call);
        expect(sameProblem(other.body)).toEqual(sameProblem(foreign.body));
      }
    }
    expect((await ada.call(at())).status).toBe(200);
    expect(await world.contents(ada, session)).toHaveLength(2);
    await ada.call(at(), { method: 'DELETE' });
    for (const [method, path, body] of calls(session, message, run)) {
      const { status } = await ada.call(path, body === undefined ? { method } : { method, body });
      expect({ path, status }).toEqual({ path, status: 404 });
    }
  });
});
