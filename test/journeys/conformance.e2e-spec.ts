import type { FakeRequest } from '../support/fake-model/index.js';
import type { ParleyClient } from '../support/nodes/client.js';
import { EventSourceLine, PlainLine, record, type SessionView, SocketIoLine } from '../support/sockets/index.js';
import { type Body, ChatWorld, codesOf, items, messagesOf, until } from './chat-world.js';

const COMPONENTS = ['text_chat'];
const ATTACHMENT = { media_id: 'med_00000000000000000000000000' };

/** What every use case must pass, for `basic_chat` and each of its examples, where no other suite says it. */
describe('basic_chat, as every use case', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let examples: readonly { readonly message: string; readonly settings: Body }[];
  beforeAll(async () => {
    world = await ChatWorld.open();
    ada = await world.user();
    const { body } = await ada.call('/chat/use-cases/basic_chat');
    const given: unknown = body['examples'];
    examples = (Array.isArray(given) ? given.map(record) : []).map(({ message, settings = {} }) => ({
      message: String(message),
      settings: record(settings),
    }));
  }, 60_000);
  afterAll(() => world.close());
  beforeEach(() => world.model.reset());

  const begin = (settings: Body = {}, more: Body = { title: 'Conformance' }) =>
    world.session(ada, { ...more, settings });
  const isTitle = ({ schema }: FakeRequest) => schema?.name === 'session_title';
  const totalOf = (requests: readonly FakeRequest[]): readonly [number, number] => [
    requests.reduce((sum, { usage }) => sum + (usage?.input ?? 0), 0),
    requests.reduce((sum, { usage }) => sum + (usage?.output ?? 0), 0),
  ];
  const titled = (session: string) =>
    until(async () => {
      const rows = await world.query(`select from usage where session_id = $1 and purpose = 'title'`, session);
      return rows.length > 0 ? true : undefined;
    }, 'the title');
  const jobs = () => world.query<Body>(`select id from pgboss.job where name like 'session.%' order by id`);

  it('has examples', () => {
    expect(examples.length).toBeGreaterThanOrEqual(2);
  });

  it('answers each example: its components, its correlation, its usage, and the title’s apart (G2)', async () => {
    for (const { message, settings } of examples) {
      world.model.reset();
      const session = await begin(settings, {});
      const headers = { 'X-Correlation-ID': `example-${session}` };
      const { status, body } = await world.say(ada, session, message, {}, headers);
      expect([message, status]).toEqual([message, 201]);
      const results = record(body['component_results']);
      expect(Object.keys(results)).toEqual(COMPONENTS);
      expect(body['components_used']).toEqual(COMPONENTS);
      for (const result of Object.values(results)) expect(result).toMatchObject({ success: true, status: 'ok' });
      await titled(session);
      const [own, title] = [world.model.requests((one) => !isTitle(one)), world.model.requests(isTitle)];
      expect(own.length).toBeGreaterThanOrEqual(1);
      for (const request of own) expect(request.headers['x-correlation-id']).toBe(headers['X-Correlation-ID']);
      const usage = record(body['usage']);
      expect([usage['input_tokens'], usage['output_tokens']]).toEqual(totalOf(own));
      const booked = await world.query(
        'select purpose, run_id, input_tokens, output_tokens from usage where session_id = $1 order by id',
        session,
      );
      const [input, output] = totalOf(title);
      expect(booked).toEqual([
        {
          purpose: 'answer',
          run_id: body['run_id'],
          input_tokens: usage['input_tokens'],
          output_tokens: usage['output_tokens'],
        },
        { purpose: 'title', run_id: null, input_tokens: input, output_tokens: output },
      ]);
      expect(totalOf(world.model.requests())).toEqual([
        Number(usage['input_tokens']) + input,
        Number(usage['output_tokens']) + output,
      ]);
    }
  }, 60_000);

  it('keeps what was said as it was said, once, in the order of the log (G3)', async () => {
    for (const { message, settings } of examples) {
      const session = await begin(settings);
      const turn = await world.answer(ada, session, message);
      const messages = await world.messages(ada, session);
      expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
      expect(messages[0]?.['content']).toBe(message);
      expect(messages.at(-1)).toEqual(turn['response']);
      expect(new Set(messages.map(({ content }) => content)).size).toBe(messages.length);
      const events = await world.events(ada, session);
      const { body } = await ada.call(`/chat/sessions/${session}`);
      expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: Number(body['last_seq']) }, (_, n) => n + 1));
      const created = events.filter(({ type }) => type === 'message.created');
      expect(created.map(({ seq, data }) => [seq, record(data)['message_id']])).toEqual(
        messages.map(({ seq, message_id }) => [seq, message_id]),
      );
      const seqs = messages.map(({ seq }) => Number(seq));
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    }
  }, 60_000);

  it('says the model’s words and no others: with other words the answer is another (G4)', async () => {
    for (const { message, settings } of examples) {
      const answers: unknown[] = [];
      for (const words of ['One sentence. And a second one!', 'Wholly other words.']) {
        world.model.reset();
        const river = { name: words, countries: [words] };
        world.model.script({ when: { schema: 'response' }, reply: { json: { rivers: [river, river, river] } } });
        world.model.always({ text: words });
        const turn = await world.answer(ada, await begin(settings), message);
        expect(record(turn['response'])['content']).toBe(world.model.request().sent);
        answers.push(record(turn['response'])['content']);
      }
      expect(String(answers[1])).toContain('Wholly other words.');
      expect(answers[0]).not.toEqual(answers[1]);
    }
  }, 60_000);

  it.each([
    ['errors', { status: 500 }, 'MODEL_UNAVAILABLE', 502, 3, []],
    ['is silent', { text: 'late', delayMs: 6000 }, 'MODEL_TIMEOUT', 504, 1, []],
    ['is silent after its headers', { text: 'x', silentAfter: 0 }, 'MODEL_TIMEOUT', 504, 1, []],
    ['is silent in mid-answer', { chunks: ['half ', 'whole'], silentAfter: 1 }, 'MODEL_TIMEOUT', 504, 1, ['half ']],
    ['breaks off', { chunks: ['half ', 'whole'], cutAfter: 1 }, 'MODEL_STREAM_CUT', 502, 1, ['half ']],
    [
      'ends without a reason',
      { chunks: ['half ', 'whole'], cutAfter: 1, cut: 'clean' as const },
      'MODEL_STREAM_CUT',
      502,
      1,
      ['half '],
    ],
  ])(
    'tells honestly when the model %s, and goes on (G5)',
    async (_, reply, code, status, requests, kept) => {
      const session = await begin({ response_timeout_seconds: 2 });
      world.model.script({ when: { user: /^fails$/ }, reply });
      const begun = performance.now();
      const failed = await world.say(ada, session, 'fails');
      expect(performance.now() - begun).toBeLessThan(5000);
      expect([failed.status, failed.body['code']]).toEqual([status, code]);
      expect(failed.body).toMatchObject({
        run_id: expect.stringMatching(/^run_/),
        message_id: expect.stringMatching(/^msg_/),
      });
      expect(await world.run(ada, session, String(failed.body['run_id']))).toMatchObject({
        status: 'failed',
        error: { code, status },
      });
      expect(world.model.requests()).toHaveLength(requests);
      const [user, ...answers] = await world.messages(ada, session);
      expect(user).toMatchObject({ content: 'fails', status: 'complete' });
      expect(answers.map((one) => [one['content'], one['status']])).toEqual(kept.map((text) => [text, 'partial']));
      const log = (await world.events(ada, session)).map(({ type }) => type);
      expect(log.at(-1)).toBe('run.failed');
      expect(log).not.toContain('session.updated');
      expect((await world.say(ada, session, 'goes on')).status).toBe(201);
    },
    20_000,
  );

  it('never puts one user’s texts into a request of another (G8)', async () => {
    const eve = await world.user();
    await world.answer(ada, await begin({ custom_instructions: 'instructions of Ada' }), 'words of Ada');
    world.model.reset();
    await world.answer(eve, await world.session(eve), 'words of Eve');
    expect(world.model.requests().length).toBeGreaterThan(0);
    expect(JSON.stringify(world.model.requests().map(({ body }) => body))).not.toContain('Ada');
  });

  it('is the same conversation through each door (G9)', async () => {
    world.model.script({ when: { user: /one/ }, reply: { chunks: ['First ', 'answer'], betweenMs: 40 } });
    world.model.always({ chunks: ['Second ', 'answer'], betweenMs: 40 });
    const context = { response_style: 'concise' };
    const frames = [
      { content: 'one', client_message_id: 'c1', attachments: [], context, metadata: { n: 1 } },
      { content: 'two', client_message_id: 'c2' },
    ];
    type Speaker = (session: string, frame: Body, after: number) => Promise<SessionView | undefined>;
    const speakers: Record<string, Speaker> = {
      JSON: async (session, { content, ...more }) => {
        await world.answer(ada, session, content, more);
        return undefined;
      },
      'server-sent events': async (session, body) => {
        const line = await EventSourceLine.open(ada, messagesOf(session), { method: 'POST', body });
        await line.view.over();
        return line.view;
      },
      'Socket.IO': async (session, frame, after) => {
        const line = await SocketIoLine.open(ada.url, ada.token);
        await line.ask('join', { session_id: session, after });
        expect(await line.ask('message', { session_id: session, ...frame })).toMatchObject({ ok: true });
        await line.view.runEnd();
        line.close();
        return line.view;
      },
      'plain WebSocket': async (session, frame, after) => {
        const line = await PlainLine.open(ada.url, session, { token: ada.token, after });
        line.send({ type: 'message', ...frame });
        await line.answer('ack');
        await line.view.runEnd();
        line.close();
        return line.view;
      },
    };
    const conversations: unknown[] = [];
    for (const [name, speak] of Object.entries(speakers)) {
      const session = await begin();
      const built: string[] = [];
      for (const frame of frames) {
        const view = await speak(session, frame, (await world.events(ada, session)).length);
        if (view !== undefined) built.push(...view.built.values());
      }
      const list = items(await ada.call(`${messagesOf(session)}?order=asc&include=component_results`));
      const answers = list.filter(({ role }) => role === 'assistant').map(({ content }) => content);
      if (name !== 'JSON') expect([name, built]).toEqual([name, answers]);
      const events = await world.events(ada, session);
      conversations.push({
        types: events.map(({ type }) => type),
        messages: list.map(({ seq, role, content, parts, attachments, status, finish_reason, metadata }) => {
          return { seq, role, content, parts, attachments, status, finish_reason, metadata };
        }),
        results: list.map(({ component_results }) => withoutTimes(component_results)),
        prompt: world.model.request({ user: /^one$/ }, conversations.length + 1).system,
      });
    }
    for (const one of conversations) expect(one).toEqual(conversations[0]);
  }, 30_000);

  it('takes no attachment, through no door (G9)', async () => {
    const session = await begin();
    const frame = { content: 'x', attachments: [ATTACHMENT] };
    const refused = [{ pointer: '/attachments/0', code: 'MEDIA_KIND_NOT_ALLOWED' }];
    expect(codesOf((await world.say(ada, session, 'x', { attachments: [ATTACHMENT] })).body)).toEqual(refused);
    const [io, line] = [
      await SocketIoLine.open(ada.url, ada.token),
      await PlainLine.open(ada.url, session, { token: ada.token }),
    ];
    const answer = await io.ask('message', { session_id: session, ...frame });
    expect(codesOf(record(answer['error']))).toEqual(refused);
    line.send({ type: 'message', ...frame });
    expect(codesOf(await line.problem())).toEqual(refused);
    expect(await world.messages(ada, session)).toEqual([]);
    expect(world.model.requests()).toEqual([]);
    io.close();
    line.close();
  });

  it('asks for a title of the right shape once more, and leaves the excerpt where that fails too (G10)', async () => {
    const call = { schema: 'session_title' };
    const titleOf = async (session: string) => (await ada.call(`/chat/sessions/${session}`)).body['title'];
    world.model.script({ when: call, reply: { json: { name: 'wrong' } }, times: 1 });
    world.model.script({ when: call, reply: { json: { title: 'Repaired' } }, times: 1 });
    const first = await begin({}, {});
    await world.answer(ada, first, 'The first of all questions');
    await until(async () => ((await titleOf(first)) === 'Repaired' ? true : undefined), 'the title');
    expect(world.model.requests(call)).toHaveLength(2);
    expect(world.model.request(call, 2).user).toContain('/title');

    world.model.script({ when: call, reply: { json: { name: 'wrong' } } });
    const second = await begin({}, {});
    await world.answer(ada, second, 'The second of all questions');
    await world.model.waitFor(call, 4);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(world.model.requests(call)).toHaveLength(4);
    expect(await titleOf(second)).toBe('The second of all questions');
  }, 30_000);

  it('that is cancelled writes its message and its end, and nothing else (G12)', async () => {
    const session = await begin({ text_chat: { summary_enabled: true, summary_threshold: 10 } }, {});
    const before = await jobs();
    world.model.always({ chunks: ['said ', 'unsaid'], betweenMs: 30_000 });
    const { runId } = await world.leave(ada, session, 'slow');
    await until(async () => world.asked().find(({ sent }) => sent === 'said '), 'some text');
    await world.cancel(ada, session, runId);
    await world.ended(ada, session, runId);
    expect((await world.events(ada, session)).map(({ type }) => type)).toEqual([
      'message.created',
      'run.started',
      'component.started',
      'component.completed',
      'message.created',
      'run.cancelled',
    ]);
    expect((await world.messages(ada, session)).at(-1)).toMatchObject({
      content: 'said ',
      status: 'partial',
      finish_reason: 'cancelled',
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await jobs()).toEqual(before);
    expect((await ada.call(`/chat/sessions/${session}`)).body).toMatchObject({ title: null, last_seq: 6 });
    for (const table of ['feedback', 'session_summaries', 'message_drafts']) {
      expect([table, await world.query(`select from ${table} where session_id = $1`, session)]).toEqual([table, []]);
    }
    expect(world.model.requests()).toHaveLength(1);
  });
});

/** What components report, but for how long things took. */
function withoutTimes(results: unknown): unknown {
  return results === undefined || results === null
    ? results
    : Object.fromEntries(
        Object.entries(record(results)).map(([name, result]) => {
          const { duration_ms: _duration, first_token_ms: _first, ...rest } = record(result);
          return [name, rest];
        }),
      );
}
