import type { ParleyClient } from '../support/nodes/client.js';
import { EventSourceLine, record } from '../support/sockets/index.js';
import { type Body, ChatWorld, codesOf, messagesOf, until } from './chat-world.js';

describe('basic_chat', () => {
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

  const use = (settings: Body, body: Body = { title: 'Journey' }) => world.session(ada, { ...body, settings });
  const lastPrompt = () => {
    const request = world.asked().at(-1);
    if (request === undefined) throw new Error('the model was not asked');
    return ChatWorld.promptOf(request);
  };
  const textChat = (turn: Body) => record(record(turn['component_results'])['text_chat']);
  const response = (turn: Body) => record(turn['response']);

  describe('a session', () => {
    it('is made with the settings that were given, and is where Location says', async () => {
      const body = { settings: { personality: 'technical_expert' }, tags: ['a'], metadata: { k: 1 } };
      const made = await ada.call('/chat/sessions', { method: 'POST', body });
      expect(made.status).toBe(201);
      const { body: read } = await ada.call(String(made.headers.get('location')).replace('/api/v1', ''));
      expect(read).toEqual(made.body);
      expect(read).toMatchObject({ use_case: 'basic_chat', status: 'active', ...body, last_seq: 0, title: null });
    });

    it.each([
      [{ settings: { max_mesage_length: 5 } }, 400, [{ pointer: '/settings/max_mesage_length', code: 'UNKNOWN_KEY' }]],
      [
        { settings: { max_context_messages: 201 } },
        400,
        [{ pointer: '/settings/max_context_messages', code: 'OUT_OF_BOUNDS' }],
      ],
      [{ use_case: 'no_such_thing' }, 400, []],
      [{ setings: {} }, 400, [{ pointer: '/setings', code: 'UNKNOWN_FIELD' }]],
      [{ tags: null }, 400, [{ pointer: '/tags', code: 'INVALID_TYPE' }]],
      [{ metadata: null }, 400, [{ pointer: '/metadata', code: 'INVALID_TYPE' }]],
      [{ settings: null }, 400, [{ pointer: '/settings', code: 'INVALID_TYPE' }]],
    ])('is not made of %j', async (body, status, errors) => {
      const before = await world.query('select count(*) from sessions');
      const refused = await ada.call('/chat/sessions', { method: 'POST', body });
      expect(refused.status).toBe(status);
      expect(refused.headers.get('content-type')).toContain('application/problem+json');
      expect(refused.body['code']).not.toBe('INTERNAL');
      if (errors.length > 0) expect(codesOf(refused.body)).toEqual(errors);
      expect(await world.query('select count(*) from sessions')).toEqual(before);
    });
  });

  it('answers four turns with the scripted texts, and shows the model the earlier ones in order', async () => {
    const script = [
      ['Hello there!', 'Hello, how can I help?'],
      ['Can you help me with sums?', 'Of course.'],
      ['What is 15 + 27?', '42'],
      ['Thanks!', 'You are welcome.'],
    ] as const;
    for (const [question, text] of script) {
      world.model.script({ when: { user: new RegExp(`^${question.replace(/[?+!]/g, '\\$&')}$`) }, reply: { text } });
      const turn = await world.answer(ada, session, question);
      expect(response(turn)).toMatchObject({
        content: text,
        role: 'assistant',
        status: 'complete',
        finish_reason: 'stop',
      });
      expect(turn['components_used']).toEqual(['text_chat']);
      expect(textChat(turn)).toMatchObject({ success: true, response_format: 'markdown', attempts: 1 });
    }
    const [system, ...rest] = lastPrompt();
    expect(system?.role).toBe('system');
    expect(rest.map(({ content }) => content)).toEqual([...script.slice(0, 3).flat(), 'Thanks!']);
  });

  it('reports what a turn was: its usage, its correlation, its history and its log', async () => {
    const headers = { 'X-Correlation-ID': 'journey-1' };
    const { body: turn } = await world.say(ada, session, 'A question', {}, headers);
    const { input, output } = world.model.usageOf({ correlationId: 'journey-1' });
    expect(turn['usage']).toMatchObject({ input_tokens: input, output_tokens: output, models: ['openai:fake-1'] });
    expect(world.asked()).toHaveLength(1);
    const messages = await world.messages(ada, session);
    expect(messages).toMatchObject([{ role: 'user', content: 'A question' }, { role: 'assistant' }]);
    expect(messages.at(-1)).toEqual(turn['response']);
    expect(messages[0]).toEqual(turn['message']);
    const events = await world.events(ada, session);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(events.map(({ type }) => type)).toEqual([
      'message.created',
      'run.started',
      'component.started',
      'component.completed',
      'message.created',
      'run.completed',
    ]);
    for (const { seq, type, data } of events) {
      if (type === 'message.created') expect(record(data)['seq']).toBe(seq);
    }
    expect(record(events.at(-1)?.['data'])).toMatchObject({ usage: turn['usage'], last_seq: 6 });
    const booked = await world.query(
      'select purpose, input_tokens, output_tokens from usage where session_id = $1',
      session,
    );
    expect(booked).toEqual([{ purpose: 'answer', input_tokens: input, output_tokens: output }]);
  });

  it('sends the last 20 messages and no more; none when told so', async () => {
    for (let n = 1; n <= 12; n += 1) await world.answer(ada, session, `question ${n}`);
    const turn = await world.answer(ada, session, 'question 13');
    const prompt = lastPrompt();
    expect(prompt.map(({ role }) => role)).toEqual([
      'system',
      ...Array.from({ length: 10 }, () => ['user', 'assistant']).flat(),
      'user',
    ]);
    expect(prompt[1]?.content).toBe('question 3');
    expect(textChat(turn)['context_messages_used']).toBe(20);
    await ada.call(`/chat/sessions/${session}`, { method: 'PUT', body: { settings: { max_context_messages: 0 } } });
    await world.answer(ada, session, 'question 14');
    expect(lastPrompt().map(({ role }) => role)).toEqual(['system', 'user']);
  });

  it('takes 4000 code points and not one more; markup is stored and returned as sent', async () => {
    const long = `${'😀'.repeat(1000)}${'x'.repeat(3000)}`;
    expect(record((await world.answer(ada, session, long))['message'])['content']).toBe(long);
    const asked = world.asked().length;
    const refused = await world.say(ada, session, `${long}y`);
    expect(refused.status).toBe(400);
    expect(codesOf(refused.body)).toEqual([{ pointer: '/content', code: 'OUT_OF_BOUNDS' }]);
    expect(world.asked()).toHaveLength(asked);
    const script = '<script>alert("x")</script> & <img src=x onerror=alert(1)>';
    expect(record((await world.answer(ada, session, script))['message'])['content']).toBe(script);
    expect(await world.contents(ada, session)).toHaveLength(4);
  });

  it('speaks as the persona that is set, and as another for one turn', async () => {
    await world.answer(ada, session, 'one');
    const plain = lastPrompt()[0]?.content;
    await ada.call(`/chat/sessions/${session}`, {
      method: 'PUT',
      body: { settings: { personality: 'technical_expert' } },
    });
    await world.answer(ada, session, 'two');
    const expert = lastPrompt()[0]?.content ?? '';
    expect(expert).toMatch(/^You are /);
    expect(expert).not.toBe(plain);
    const turn = await world.answer(ada, session, 'three', { context: { personality: 'helpful_assistant' } });
    expect(lastPrompt()[0]?.content).toBe(plain);
    expect(record(response(turn)['author'])['id']).toBe('helpful_assistant');
    await world.answer(ada, session, 'four');
    expect(lastPrompt()[0]?.content).toBe(expert);
  });

  describe('when the model fails', () => {
    it('ends with MODEL_TIMEOUT after silence, and the next turn holds the unanswered message', async () => {
      session = await use({ response_timeout_seconds: 2 });
      world.model.script({ when: { user: /slow/ }, reply: { text: 'late', delayMs: 4000 } });
      const begun = performance.now();
      const { status, body } = await world.say(ada, session, 'slow one');
      expect(performance.now() - begun).toBeLessThan(5000);
      expect(status).toBe(504);
      expect(body).toMatchObject({ code: 'MODEL_TIMEOUT', run_id: expect.any(String), message_id: expect.any(String) });
      expect(await world.run(ada, session, String(body['run_id']))).toMatchObject({
        status: 'failed',
        error: { code: 'MODEL_TIMEOUT', status: 504 },
      });
      expect(world.asked()).toHaveLength(1);
      await world.answer(ada, session, 'quick one');
      expect(lastPrompt().slice(1)).toEqual([
        { role: 'user', content: 'slow one' },
        { role: 'user', content: 'quick one' },
      ]);
    });

    it('does not mind a long stream without a long pause', async () => {
      session = await use({ response_timeout_seconds: 1 });
      world.model.always({ chunks: Array.from({ length: 8 }, (_, n) => `${n} `), betweenMs: 400 });
      expect(response(await world.answer(ada, session, 'tell'))['content']).toBe('0 1 2 3 4 5 6 7 ');
    });

    it('tries again before the first token, then says MODEL_UNAVAILABLE and keeps the message', async () => {
      world.model.script({ when: { user: /broken/ }, reply: { status: 500 } });
      const { status, body } = await world.say(ada, session, 'broken');
      expect([status, body['code']]).toEqual([502, 'MODEL_UNAVAILABLE']);
      expect(world.asked()).toHaveLength(3);
      expect(await world.contents(ada, session)).toEqual(['broken']);
      await world.answer(ada, session, 'well');
      expect(await world.contents(ada, session)).toHaveLength(3);
    });

    it('keeps half an answer as partial, marked as interrupted in the next request', async () => {
      world.model.script({ when: { user: /cut/ }, reply: { chunks: ['Half ', 'an ', 'answer'], cutAfter: 2 } });
      const { status, body } = await world.say(ada, session, 'cut');
      expect([status, body['code']]).toEqual([502, 'MODEL_STREAM_CUT']);
      expect(world.asked()).toHaveLength(1);
      const [, half] = await world.messages(ada, session);
      expect(half).toMatchObject({ content: 'Half an ', status: 'partial', finish_reason: 'error' });
      await world.answer(ada, session, 'go on');
      const shown = lastPrompt().find(({ role }) => role === 'assistant');
      expect(shown?.content).toMatch(/^Half an /);
      expect(shown?.content).not.toBe('Half an ');
    });

    it.each([
      ['a chunk that is no JSON', { chunks: ['a', 'b'], malformedChunk: 1 }],
      ['nothing at all', { empty: true }],
    ])('ends the run when it sends %s', async (_what, reply) => {
      world.model.script({ reply });
      const { runId } = await world.leave(ada, session, 'odd');
      expect(['failed', 'completed']).toContain((await world.ended(ada, session, runId))['status']);
      const { body } = await ada.call(`/chat/sessions/${session}`);
      expect(body['last_seq']).toBe((await world.events(ada, session)).length);
    });
  });

  describe('formats', () => {
    it('streams and stores html as sent between prefix and suffix, and sanitises the Markdown export', async () => {
      const chunks = ['<b>bold', '</b><script>', 'alert(1)</script>'];
      world.model.always({ chunks });
      session = await use({
        response_format: 'html',
        text_chat: { response_prefix: '<div>', response_suffix: '</div>' },
      });
      const line = await EventSourceLine.open(ada, messagesOf(session), { method: 'POST', body: { content: 'html' } });
      await line.view.over();
      const stored = `<div>${chunks.join('')}</div>`;
      expect([...line.view.built.values()]).toEqual([stored]);
      expect((await world.contents(ada, session)).at(-1)).toBe(stored);
      const exported = await (await ada.fetch(`/chat/sessions/${session}/export?format=markdown`)).text();
      expect(exported).toContain('<b>bold</b>');
      expect(exported).not.toContain('alert(1)');
    });

    it('needs a schema for json, and repairs an answer that does not fit it once', async () => {
      const refused = await ada.call('/chat/sessions', {
        method: 'POST',
        body: { settings: { response_format: 'json' } },
      });
      expect(refused.status).toBe(400);
      expect(codesOf(refused.body)).toMatchObject([{ pointer: '/settings/json_schema' }]);
      const json_schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
      session = await use({ response_format: 'json', json_schema });
      world.model.script({ reply: { json: { n: 'many' } }, times: 1 });
      world.model.script({ reply: { json: { n: 3 } }, times: 1 });
      world.model.always({ json: { wrong: true } });
      expect(response(await world.answer(ada, session, 'count'))['content']).toBe('{"n":3}');
      expect(world.asked()).toHaveLength(2);
      expect(lastPrompt().at(-1)?.content).toContain('/n');
      const { status, body } = await world.say(ada, session, 'count again');
      expect([status, body['code']]).toEqual([422, 'MODEL_OUTPUT_INVALID']);
      expect(world.asked()).toHaveLength(4);
    });

    it('shows U+FFFD where the model sent U+0000 or a lone surrogate, in deltas and in the stored text', async () => {
      world.model.always({ chunks: ['a\u0000b', 'c\ud83d', '\ude00d', 'e\ud800 f'] });
      const line = await EventSourceLine.open(ada, messagesOf(session), { method: 'POST', body: { content: 'odd' } });
      await line.view.over();
      expect((await world.contents(ada, session)).at(-1)).toBe('a\ufffdbc😀de\ufffd f');
      expect([...line.view.built.values()]).toEqual(['a\ufffdbc😀de\ufffd f']);
      for (const { text } of line.view.deltas) expect(text.isWellFormed()).toBe(true);
    });
  });

  describe('a title that was left out', () => {
    it('is written from the first exchange by a job, whose call is booked apart', async () => {
      session = await use({}, {});
      world.model.script({ when: { schema: 'session_title' }, reply: { json: { title: 'Logs and their order' } } });
      await world.answer(ada, session, 'What is an append-only log?');
      const title = await until(async () => {
        const { body } = await ada.call(`/chat/sessions/${session}`);
        return body['title'] === 'Logs and their order' ? body : undefined;
      }, 'the title');
      expect(title['last_seq']).toBe((await world.events(ada, session)).length);
      const booked = await world.query(
        'select purpose, input_tokens as n from usage where session_id = $1 order by id',
        session,
      );
      const counted = world.model.usageOf({ schema: 'session_title' });
      expect(booked).toMatchObject([{ purpose: 'answer' }, { purpose: 'title', n: counted.input }]);
      expect((await world.events(ada, session)).filter(({ type }) => type === 'session.updated').at(-1)).toMatchObject({
        data: { title: 'Logs and their order' },
        run_id: null,
      });
    });

    it('is the first 60 characters where no model may write it', async () => {
      session = await use({ auto_title: false }, {});
      await world.answer(ada, session, `${'word '.repeat(30)}`);
      const { body } = await until(async () => {
        const read = await ada.call(`/chat/sessions/${session}`);
        return read.body['title'] === null ? undefined : read;
      }, 'the title');
      expect(body['title']).toBe('word '.repeat(12).slice(0, 60));
      expect(world.model.requests({ schema: 'session_title' })).toEqual([]);
    });
  });
});
