import type { ParleyClient } from '../support/nodes/client.js';
import { EventSourceLine, PlainLine, record, type SessionView, SocketIoLine } from '../support/sockets/index.js';
import { type Body, ChatWorld, until as eventually, items, messagesOf } from './chat-world.js';

const UNKNOWN = 'ses_00000000000000000000000000';

describe('the transports', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let session: string;
  const lines: { close(): void }[] = [];
  beforeAll(async () => {
    world = await ChatWorld.open();
    ada = await world.user();
  }, 60_000);
  afterAll(() => world.close());
  beforeEach(async () => {
    world.model.reset();
    session = await world.session(ada);
  });
  afterEach(() => {
    for (const line of lines.splice(0)) line.close();
  });

  function kept<T extends { close(): void }>(line: T): T {
    lines.push(line);
    return line;
  }
  const stream = async (path: string, call = {}) => kept(await EventSourceLine.open(ada, path, call));
  const events = (after = 0) => stream(`/chat/sessions/${session}/events?after=${after}`);
  const plain = async (options = {}) => kept(await PlainLine.open(ada.url, session, { token: ada.token, ...options }));
  const socketIo = async (options = {}) => kept(await SocketIoLine.open(ada.url, ada.token, options));

  /** Readers of every kind, each following the session from `after`. */
  async function followAll(after: number): Promise<Record<string, SessionView>> {
    const [polling, websocket] = [await socketIo(), await socketIo({ transports: ['websocket'] })];
    for (const line of [polling, websocket]) {
      expect(await line.ask('join', { session_id: session, after })).toMatchObject({ ok: true });
    }
    return {
      'server-sent events': (await events(after)).view,
      'plain WebSocket': (await plain({ after })).view,
      'Socket.IO by its defaults': polling.view,
      'Socket.IO by WebSocket alone': websocket.view,
    };
  }

  /** A reader says how things stand once it has replayed. */
  const live = (view: SessionView) => view.until('the end of the replay', () => view.statuses.length > 0);
  const slowly = { chunks: Array.from({ length: 12 }, (_, n) => `word${n} `), betweenMs: 30 };
  const WHOLE = slowly.chunks.join('');

  it('show the same events, messages and texts, and joined deltas are the stored text', async () => {
    world.model.always(slowly);
    const views = Object.entries(await followAll(0));
    for (const [, view] of views) await live(view);
    const post = await stream(messagesOf(session), { method: 'POST', body: { content: 'one' } });
    await post.view.over();
    const socket = await socketIo();
    const acknowledged = await socket.ask('message', { session_id: session, content: 'two' });
    expect(acknowledged).toMatchObject({ ok: true, seq: 7 });
    const line = await plain({ after: 7 });
    line.send({ type: 'message', content: 'three', client_message_id: 'c3' });
    expect(await line.answer('ack')).toMatchObject({ client_message_id: 'c3', message_id: expect.any(String) });
    await line.view.runEnd(2);
    const log = await world.events(ada, session);
    expect(log.filter(({ type }) => type === 'run.completed')).toHaveLength(3);
    for (const [name, view] of views) {
      await view.runEnd(3);
      expect({ name, events: view.events }).toEqual({ name, events: log });
      expect({ name, built: [...view.built.values()] }).toEqual({ name, built: [WHOLE, WHOLE, WHOLE] });
      expect(view.snapshots).toEqual([]);
      expect(view.errors).toEqual([]);
    }
    expect(post.view.events).toEqual(log.slice(0, 6));
    expect([...post.view.built.values()]).toEqual([WHOLE]);
    expect(post.ids).toEqual([1, 2, 3, 4, 5, 6]);
    const answers = items(await ada.call(`${messagesOf(session)}?order=asc`)).filter(
      ({ role }) => role === 'assistant',
    );
    expect(answers.map(({ content }) => content)).toEqual([WHOLE, WHOLE, WHOLE]);
    const [, second] = line.answers.filter(({ type }) => type === 'response');
    expect(second).toMatchObject({
      content: WHOLE,
      message_id: answers[2]?.['message_id'],
      components_used: ['text_chat'],
    });
  });

  it('acknowledge a message before its first event: who sent it knows its ids by then', async () => {
    const socket = await socketIo();
    await socket.ask('join', { session_id: session });
    const line = await plain();
    await live(line.view);
    const heard: string[][] = [[], []];
    socket.socket.on('event', ({ type }) => heard[0]?.push(type));
    line.socket.on('message', (data) => {
      const { type, event } = record(JSON.parse(data.toString()));
      if (type === 'ack' || type === 'event') heard[1]?.push(type === 'ack' ? 'ack' : String(record(event)['type']));
    });
    const message = { session_id: session, content: 'one', client_message_id: 'c1' };
    socket.socket.emit('message', message, () => heard[0]?.push('ack'));
    await socket.view.runEnd(1);
    expect(heard[0]?.slice(0, 2)).toEqual(['ack', 'message.created']);
    await line.view.runEnd(1);
    heard[1]?.splice(0);
    line.send({ type: 'message', content: 'two', client_message_id: 'c2' });
    await line.view.runEnd(2);
    expect(heard[1]?.slice(0, 2)).toEqual(['ack', 'message.created']);
    expect(heard.flat().filter((type) => type === 'ack')).toHaveLength(2);
  });

  it('take up from any seq, also in mid-answer, and show each event once', async () => {
    await world.answer(ada, session, 'before');
    let goOn: () => void = () => undefined;
    const until = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    world.model.always({ ...slowly, hold: { before: 4, until } });
    const { runId } = await world.leave(ada, session, 'slow');
    await eventually(async () => (world.asked()[1]?.sent ?? '').includes('word3') || undefined, 'some text');
    const views = [...Object.values(await followAll(0)), ...Object.values(await followAll(4))];
    views.push((await stream(`/chat/sessions/${session}/events`, { headers: { 'Last-Event-ID': '8' } })).view);
    for (const view of views) await live(view);
    goOn();
    await world.ended(ada, session, runId);
    const log = await world.events(ada, session);
    for (const [index, view] of views.entries()) {
      await view.until(
        'the end',
        () => view.types.filter((type) => type === 'run.completed').at(-1) && view.seqs.at(-1) === 12,
      );
      expect(view.events).toEqual(log.slice(index < 4 ? 0 : index < 8 ? 4 : 8));
      expect([...view.built.values()]).toEqual([WHOLE]);
      expect(view.snapshots.length).toBeGreaterThanOrEqual(1);
    }
  });

  it('show a session that is idle as ready, and a turn as thinking, typing, ready', async () => {
    world.model.always(slowly);
    const view = (await events()).view;
    await view.until('ready', () => view.statuses.length > 0);
    await world.answer(ada, session, 'hello');
    await view.until('ready again', () => view.statuses.at(-1)?.['status'] === 'ready' && view.statuses.length > 2);
    const said = view.statuses.map(({ status }) => status);
    expect([said[0], said[1], said.at(-2), said.at(-1)]).toEqual(['ready', 'thinking', 'typing', 'ready']);
  });

  it('replay run.started as it was shown live', async () => {
    const heard = (await events()).view;
    await live(heard);
    await world.answer(ada, session, 'hello');
    await heard.runEnd();
    const replayed = (await events()).view;
    await replayed.runEnd();
    expect(replayed.events).toEqual(heard.events);
    expect(heard.events[1]?.data).toMatchObject({ status: 'running', last_seq: 2, finished_at: null });
  });

  it('show the run of a POST only, from its first event on, and end with it', async () => {
    world.model.always(slowly);
    const first = await stream(messagesOf(session), { method: 'POST', body: { content: 'one' } });
    const second = await stream(messagesOf(session), { method: 'POST', body: { content: 'two' } });
    await second.view.over();
    expect(first.view.ended).toBe('closed');
    expect(first.response.headers.get('cache-control')).toBe('no-store');
    for (const [line, queued] of [
      [first, false],
      [second, true],
    ] as const) {
      const [created] = line.view.events;
      expect(new Set(line.view.events.map(({ run_id }) => run_id))).toEqual(new Set([created?.run_id]));
      expect(line.view.types).toEqual([
        'message.created',
        ...(queued ? ['run.queued'] : []),
        'run.started',
        'component.started',
        'component.completed',
        'message.created',
        'run.completed',
      ]);
      expect([...line.view.built.values()]).toEqual([WHOLE]);
    }
  });

  it('store the frames of one socket in the order in which they came', async () => {
    const line = await plain();
    const socket = await socketIo();
    for (let n = 0; n < 5; n += 1) line.send({ type: 'message', content: `plain ${n}`, client_message_id: `p${n}` });
    const acks = await Promise.all(
      Array.from({ length: 5 }, (_, n) => socket.ask('message', { session_id: session, content: `io ${n}` })),
    );
    await line.answer('ack', 5);
    const seqs = acks.map(({ seq }) => Number(seq));
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    await line.view.runEnd(10);
    const sent = (await world.contents(ada, session)).filter((text) => /^(plain|io) \d$/.test(String(text)));
    for (const kind of ['plain', 'io']) {
      expect(sent.filter((text) => String(text).startsWith(kind))).toEqual([0, 1, 2, 3, 4].map((n) => `${kind} ${n}`));
    }
  });

  it('make one message of one client_message_id, on the same and on another transport, also at once', async () => {
    const frame = { content: 'once', client_message_id: 'same' };
    const [line, socket] = [await plain(), await socketIo()];
    line.send({ type: 'message', ...frame });
    const [ack, io, rest] = await Promise.all([
      line.answer('ack'),
      socket.ask('message', { session_id: session, ...frame }),
      world.answer(ada, session, 'once', { client_message_id: 'same' }),
    ]);
    line.send({ type: 'message', ...frame });
    const again = await line.answer('ack', 2);
    const { message_id, run_id, seq } = again;
    expect(ack).toMatchObject({ message_id, run_id, seq });
    expect(io).toMatchObject({ ok: true, message_id, run_id, seq });
    expect(record(rest['message'])).toMatchObject({ message_id, run_id, seq });
    expect(await world.messages(ada, session)).toHaveLength(2);
    expect(world.asked()).toHaveLength(1);
  });

  it('let a repetition join also where the session is busy and rejects', async () => {
    session = await world.session(ada, { title: 't', settings: { on_busy: 'reject' } });
    world.model.always({ text: 'done', delayMs: 500 });
    const { runId } = await world.leave(ada, session, 'once', { client_message_id: 'same' });
    expect((await world.say(ada, session, 'other')).body['code']).toBe('RUN_IN_PROGRESS');
    const joined = await world.answer(ada, session, 'once', { client_message_id: 'same' });
    expect(joined['run_id']).toBe(runId);
  });

  it('take who types, and do not tell it to the one who does', async () => {
    const view = (await events()).view;
    await live(view);
    const [line, socket] = [await plain(), await socketIo()];
    line.send({ type: 'typing', is_typing: true });
    line.send({ type: 'ping' });
    await line.answer('pong');
    expect(await socket.ask('typing', { session_id: session, is_typing: false })).toEqual({ ok: true });
    expect(view.statuses).toEqual([{ status: 'ready', run_id: null, metadata: {} }]);
    expect(line.view.errors).toEqual([]);
  });

  it('stop a run that is cancelled by a frame, within a second', async () => {
    world.model.always({ chunks: ['some ', 'text'], betweenMs: 60_000 });
    for (const how of ['plain', 'io']) {
      const line = await plain({ after: 0 });
      const { runId } = await world.leave(ada, session, how);
      const said = () => [...line.view.deltas, ...line.view.snapshots].filter(({ run_id }) => run_id === runId);
      await line.view.until('text', () => said().some(({ text }) => text === 'some '));
      const begun = performance.now();
      if (how === 'plain') line.send({ type: 'cancel' });
      else expect(await (await socketIo()).ask('cancel', { run_id: runId })).toEqual({ ok: true });
      await line.view.until('cancelled', () =>
        line.view.events.some((one) => one.type === 'run.cancelled' && one.run_id === runId),
      );
      expect(performance.now() - begun).toBeLessThan(1000);
    }
  });

  it('end when their session is deleted', async () => {
    const [line, sse, socket] = [await plain(), await events(), await socketIo()];
    await socket.ask('join', { session_id: session });
    await ada.call(`/chat/sessions/${session}`, { method: 'DELETE' });
    expect(await line.view.over()).toBe('4404');
    expect(await sse.view.over()).toBe('closed');
    expect(sse.view.errors).toMatchObject([{ code: 'NOT_FOUND', session_id: session }]);
    await socket.view.until('the problem', () => socket.view.errors[0]);
    expect(socket.view.errors).toMatchObject([{ code: 'NOT_FOUND', session_id: session }]);
    expect(socket.socket.connected).toBe(true);
  });

  describe('refuse', () => {
    it.each<[string, string | object, string]>([
      ['what is no JSON', '{"type":', 'BAD_REQUEST'],
      ['JSON without a type', '[1,2]', 'BAD_REQUEST'],
      ['an unknown type', { type: 'constructor' }, 'BAD_REQUEST'],
      ['an unknown member', { type: 'message', content: 'x', evil: 1 }, 'UNKNOWN_FIELD'],
      ['a wrong type', { type: 'message', content: 7 }, 'VALIDATION_FAILED'],
      ['an empty message', { type: 'message', content: '  ' }, 'OUT_OF_BOUNDS'],
      ['U+0000', { type: 'message', content: 'a\u0000b' }, 'INVALID_TEXT'],
      ['a lone surrogate', '{"type":"message","content":"a\\ud800b"}', 'INVALID_TEXT'],
      ['a forbidden key', '{"type":"message","content":"x","metadata":{"__proto__":{"a":1}}}', 'FORBIDDEN_KEY'],
      ['input that nobody waits for', { type: 'input', action_id: 'act_1', decision: 'approve' }, 'NOT_FOUND'],
      ['cancel where nothing runs', { type: 'cancel' }, 'NOT_FOUND'],
    ])('%s in a frame, and keep the line', async (_what, frame, code) => {
      const line = await plain();
      line.send(frame);
      expect(await line.problem()).toMatchObject({ code, status: expect.any(Number), title: expect.any(String) });
      line.send({ type: 'ping' });
      expect(await line.answer('pong')).toEqual({ type: 'pong' });
      expect(await world.messages(ada, session)).toEqual([]);
    });

    it.each<[string, unknown, string]>([
      ['message', { session_id: UNKNOWN, content: 'x' }, 'NOT_FOUND'],
      ['message', 'nonsense', 'VALIDATION_FAILED'],
      ['message', null, 'VALIDATION_FAILED'],
      ['join', { session_id: UNKNOWN }, 'NOT_FOUND'],
      ['join', { session_id: '../x', after: -1 }, 'VALIDATION_FAILED'],
      ['join', { session_id: UNKNOWN, after: null }, 'VALIDATION_FAILED'],
      ['cancel', { run_id: 'run_x' }, 'NOT_FOUND'],
      ['typing', { session_id: UNKNOWN, is_typing: true }, 'NOT_FOUND'],
    ])('a bad Socket.IO frame %s %j with an acknowledgement', async (event, body, code) => {
      const socket = await socketIo();
      expect(await socket.ask(event, body)).toMatchObject({ ok: false, error: { code } });
      expect(await socket.ask('join', { session_id: session })).toEqual({ ok: true, last_seq: 0 });
    });

    it('lines without a good token, and to sessions that are not the caller’s', async () => {
      const eve = await world.user();
      const closes: [string, Body, number][] = [
        [session, { token: 'nonsense' }, 4401],
        [session, { protocols: ['bearer.nonsense'] }, 4401],
        [session, { token: eve.token }, 4404],
        [UNKNOWN, { token: ada.token }, 4404],
        ['ses_nonsense', { token: ada.token }, 4404],
      ];
      for (const [id, options, code] of closes) {
        const line = kept(await PlainLine.open(ada.url, id, options));
        expect(await line.view.over()).toBe(String(code));
      }
      const silent = kept(await PlainLine.open(ada.url, session));
      silent.send({ type: 'message', content: 'hi' });
      expect(await silent.view.over()).toBe('4401');
      await expect(SocketIoLine.open(ada.url, 'nonsense')).rejects.toMatchObject({ cause: { code: 'TOKEN_INVALID' } });
      await expect(PlainLine.open(ada.url, 'a/b', { token: ada.token })).rejects.toThrow('404');
    });

    it('nothing of what a client says before its token was looked at', async () => {
      const header = await plain();
      header.send({ type: 'message', content: 'by header' });
      await header.answer('ack');
      const frame = kept(await PlainLine.open(ada.url, session));
      frame.send({ type: 'auth', token: ada.token });
      frame.send({ type: 'auth', token: ada.token });
      frame.send({ type: 'message', content: 'by frame' });
      await frame.answer('ack');
      const protocol = kept(await PlainLine.open(ada.url, session, { protocols: [`bearer.${ada.token}`] }));
      protocol.send({ type: 'message', content: 'by protocol' });
      await protocol.answer('ack');
      await frame.view.runEnd(3);
      const seqs = frame.view.seqs;
      expect(new Set(seqs).size).toBe(seqs.length);
    });
  });
});
