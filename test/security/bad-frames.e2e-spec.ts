import { newId } from '@parley/platform/ids';
import { eventually } from '@parley/platform/testing';
import type { Socket } from 'socket.io-client';
import { WebSocket } from 'ws';
import { connect } from './socket-calls.js';
import { type Conversation, World } from './world.js';

const SESSIONS = '/api/v1/chat/sessions';

let world: World;
let own: Conversation;
let before: Record<string, number>;

beforeAll(async () => {
  world = await World.open();
  own = await world.conversation(world.accounts.owner.token);
  before = await world.rows();
}, 60_000);

afterAll(async () => {
  await world.close();
});

describe('frames that are none', () => {
  const BODIES: readonly unknown[] = [
    undefined,
    null,
    7,
    'text',
    [],
    {},
    { session_id: 7 },
    { session_id: 'ses_1', colour: 1 },
  ];
  let socket: Socket;

  beforeAll(async () => {
    socket = connect(world.url, world.accounts.owner.token);
    await new Promise((resolve) => socket.once('connect', () => resolve(undefined)));
  });

  afterAll(() => {
    socket.disconnect();
  });

  it.each(['join', 'leave', 'message', 'cancel', 'input', 'typing'])('Socket.IO: bodies of %s', async (name) => {
    const bad = [...BODIES, { session_id: own.session_id, content: 'a\u0000b', is_typing: 'yes', run_id: 7 }];
    for (const body of bad) {
      const reply: unknown = await socket.timeout(5000).emitWithAck(name, body);
      expect([body, reply]).toEqual([
        body,
        { ok: false, error: expect.objectContaining({ code: expect.any(String) }) },
      ]);
      expect(Number(Reflect.get(Object(Reflect.get(Object(reply), 'error')), 'status'))).toBeLessThan(500);
    }
    expect(await world.rows()).toEqual(before);
    expect(socket.connected).toBe(true);
  });

  it('Socket.IO: a join after what no log can reach is refused, and opens nothing', async () => {
    const heard: unknown[] = [];
    const hear = (_name: string, body: unknown) => heard.push(body);
    socket.onAny(hear);
    for (const after of [2 ** 53, 2 ** 63, 1e21, 1.5, -1, '7', null]) {
      const reply: unknown = await socket.timeout(5000).emitWithAck('join', { session_id: own.session_id, after });
      expect([after, reply]).toEqual([
        after,
        { ok: false, error: expect.objectContaining({ code: 'VALIDATION_FAILED', status: 400 }) },
      ]);
    }
    const last = { session_id: own.session_id, after: Number.MAX_SAFE_INTEGER };
    expect(await socket.timeout(5000).emitWithAck('join', last)).toMatchObject({ ok: true });
    // A reader that had begun would have told of its trouble by now.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(heard).toEqual([expect.objectContaining({ status: 'ready' })]);
    await socket.timeout(5000).emitWithAck('leave', { session_id: own.session_id });
    socket.offAny(hear);
  });

  it('plain WebSocket: answers each with an error, and the line stays open', async () => {
    const line = await openPlain(world, own.session_id);
    const frames = [
      'hello',
      '{"type":',
      '[]',
      '7',
      'null',
      '{}',
      '{"type":7}',
      '{"type":"no_such"}',
      '{"type":"constructor"}',
      '{"type":"message"}',
      '{"type":"message","content":7}',
      '{"type":"message","content":"x","colour":1}',
      '{"type":"message","content":"a\\u0000b"}',
      '{"type":"message","content":"\\ud83d"}',
      '{"type":"message","content":"x","metadata":{"__proto__":1}}',
      '{"type":"cancel","run_id":"run_1"}',
      '{"type":"typing"}',
      '{"type":"ping","more":1}',
    ];
    for (const frame of frames) {
      const reply = await line.ask(frame);
      expect([frame, reply]).toEqual([
        frame,
        expect.objectContaining({ type: 'error', error: expect.objectContaining({ code: expect.any(String) }) }),
      ]);
    }
    expect(await line.ask(Buffer.from([0, 1, 2, 255]))).toMatchObject({ type: 'error' });
    expect(await line.ask('{"type":"ping"}')).toEqual({ type: 'pong' });
    expect(await world.rows()).toEqual(before);
    line.close();
  });

  it('closes a socket that sends 2 MB at once, and no other', async () => {
    const line = await openPlain(world, own.session_id);
    const closed = line.closed();
    line.socket.send(JSON.stringify({ type: 'message', content: 'x'.repeat(2_000_000) }));
    expect(await closed).toBe(1009);
    const large = connect(world.url, world.accounts.owner.token);
    await new Promise((resolve) => large.once('connect', () => resolve(undefined)));
    const gone = new Promise((resolve) => large.once('disconnect', resolve));
    large.emit('message', { session_id: own.session_id, content: 'x'.repeat(2_000_000) });
    await gone;
    expect(socket.connected).toBe(true);
    expect(await world.rows()).toEqual(before);
  });

  it('refuses upgrades that lead nowhere', async () => {
    for (const path of [
      '/',
      '/ws',
      '/ws/chat',
      '/ws/chat/',
      '/ws/other/x',
      '/api/v1/chat/sessions',
      `/ws/chat/${'x'.repeat(65)}`,
    ]) {
      const refused = new WebSocket(`${world.url.replace('http', 'ws')}${path}`);
      const status = await new Promise((resolve) => {
        refused.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
        refused.once('open', () => resolve('open'));
      });
      refused.on('error', () => undefined).terminate();
      expect([path, status]).toEqual([path, 404]);
    }
  });
});

describe('floods', () => {
  let limited: World;

  beforeAll(async () => {
    limited = await World.open({
      PARLEY__LIMITS__ENABLED: 'true',
      // Limits are off in tests but for those that a test sets itself: this is the shipped one.
      PARLEY__LIMITS__CLASSES: JSON.stringify({ 'socket.frame': { limit: 20, per_seconds: 1, burst: 40 } }),
    });
  }, 60_000);

  afterAll(async () => {
    await limited.close();
  });

  it('of small frames are counted', async () => {
    const socket = connect(limited.url, limited.accounts.owner.token);
    await new Promise((resolve) => socket.once('connect', () => resolve(undefined)));
    const leave = { session_id: newId('session') };
    const replies = Array.from({ length: 95 }, () => socket.timeout(20_000).emitWithAck('leave', leave));
    const codes = (await Promise.all(replies)).map((reply: unknown) => codeIn(reply));
    expect(codes.slice(0, 40)).toEqual(codes.slice(0, 40).map(() => 'ok'));
    expect(codes).toContain('RATE_LIMITED');
    socket.disconnect();
  });

  it('of one socket disturb nobody else', async () => {
    const { owner, other } = limited.accounts;
    const [flooded, calm] = [await limited.conversation(owner.token), await limited.conversation(other.token)];
    const socket = connect(limited.url, owner.token);
    await new Promise((resolve) => socket.once('connect', () => resolve(undefined)));
    const stored = await limited.rows();
    const replies = Promise.all(
      Array.from({ length: 500 }, (_, n) =>
        socket.timeout(20_000).emitWithAck('message', { session_id: flooded.session_id, content: `Flood ${n}` }),
      ),
    );
    const from = performance.now();
    const turn = await limited.call(
      { method: 'POST', path: `${SESSIONS}/${calm.session_id}/messages`, body: { content: 'Is anybody there?' } },
      other.token,
    );
    const waited = performance.now() - from;
    const codes = (await replies).map((reply: unknown) => codeIn(reply));
    socket.disconnect();
    expect(turn.status).toBe(201);
    expect(waited).toBeLessThan(5000);
    const taken = codes.filter((code) => code === 'ok').length;
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(100);
    const refusals = new Set(codes.filter((code) => code !== 'ok'));
    expect([...refusals].filter((code) => !['RATE_LIMITED', 'OVERLOADED', 'QUEUE_FULL'].includes(code))).toEqual([]);
    expect(refusals).toContain('OVERLOADED');
    const runs = Number(stored['runs']) + taken + 1;
    await eventually(async () => (await limited.rows())['runs'] === runs, 'every run that was taken');
  });
});

describe('after all this', () => {
  it('the process serves as before', async () => {
    const { session_id } = await world.conversation(world.accounts.other.token, 'Own');
    expect(session_id).toMatch(/^ses_/);
  });
});

function codeIn(reply: unknown): string {
  if (Reflect.get(Object(reply), 'ok') === true) return 'ok';
  return String(Reflect.get(Object(Reflect.get(Object(reply), 'error')), 'code'));
}

interface PlainLine {
  readonly socket: WebSocket;
  /** Sends a frame and gives what is answered to it; what the log has to say is passed over. */
  ask(frame: string | Buffer): Promise<unknown>;
  closed(): Promise<number>;
  close(): void;
}

async function openPlain({ url, accounts }: World, sessionId: string): Promise<PlainLine> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/chat/${sessionId}`, {
    headers: { Authorization: `Bearer ${accounts.owner.token}` },
  });
  const heard: ((frame: Record<string, unknown>) => void)[] = [];
  const greeted = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const frame: Record<string, unknown> = JSON.parse(data.toString());
      if (frame['type'] === 'status') resolve();
      if (frame['type'] === 'error' || frame['type'] === 'pong' || frame['type'] === 'ack') heard.shift()?.(frame);
    });
  });
  await greeted;
  return {
    socket,
    ask: (frame) =>
      new Promise((resolve, reject) => {
        heard.push(resolve);
        setTimeout(() => reject(new Error(`no answer to ${String(frame)}`)), 5000).unref();
        socket.send(frame);
      }),
    closed: () => new Promise((resolve) => socket.once('close', resolve)),
    close: () => socket.close(),
  };
}
