import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChatWorld, messagesOf } from '../journeys/chat-world.js';
import type { ParleyClient } from '../support/nodes/client.js';

const WAITS_MS = [0, 1, 4, 30];

/** Lines that are reset, by everybody's right, at any moment: nobody else may notice. */
describe('a line that breaks off', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let session: string;
  let requests: Readonly<Record<string, string>>;

  beforeAll(async () => {
    world = await ChatWorld.open();
    ada = await world.user();
    session = await world.session(ada);
    world.model.always({ chunks: ['one ', 'two ', 'three'], betweenMs: 10 });
    requests = requestsOf(ada.token ?? '', session);
  }, 60_000);
  afterAll(() => world.close());

  /** Says something, in whole or up to the middle, and resets the line after so many milliseconds. */
  async function breakOff(text: string, afterMs: number): Promise<void> {
    const { hostname, port } = new URL(world.node.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    socket.write(text);
    await sleep(afterMs);
    socket.resetAndDestroy();
  }

  it.each([
    'a WebSocket, signed in',
    'a WebSocket, not signed in',
    'a WebSocket that nobody serves',
    'Socket.IO by WebSocket',
    'Socket.IO by polling',
    'CONNECT',
    'no HTTP',
    'a registration',
    'a sign-in',
    'a message, waiting',
    'a message, streaming',
    'the log, streaming',
    'the log as a page',
    'an export',
    'a compressed document',
  ])('of %s leaves the node and everybody else alone', async (what) => {
    const text = requests[what] ?? '';
    expect(text).not.toBe('');
    const moments = WAITS_MS.flatMap((wait) => [breakOff(text, wait), breakOff(text.slice(0, text.length - 7), wait)]);
    await Promise.all(moments);
    await sleep(50);
    const live = await fetch(`${world.node.url}/health/live`);
    expect([what, live.status]).toEqual([what, 200]);
  });

  it('leaves no run behind, and the next message is answered', async () => {
    const turn = await world.answer(ada, session, 'still there?');
    expect(turn['response']).toMatchObject({ content: 'one two three', status: 'complete' });
    const open = await world.query("select status from runs where status in ('queued', 'running')");
    expect(open).toEqual([]);
  });
});

function requestsOf(token: string, session: string): Readonly<Record<string, string>> {
  const upgrade = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
  ];
  const bearer = `Authorization: Bearer ${token}`;
  const at = `/api/v1${messagesOf(session).replace(/\/messages$/, '')}`;
  const stream = 'Accept: text/event-stream';
  const say = (headers: string[]) => post(`/api/v1${messagesOf(session)}`, { content: 'hello' }, [bearer, ...headers]);
  return {
    'a WebSocket, signed in': request('GET', `/ws/chat/${session}`, [...upgrade, bearer]),
    'a WebSocket, not signed in': request('GET', `/ws/chat/${session}`, upgrade),
    'a WebSocket that nobody serves': request('GET', '/ws/nowhere', upgrade),
    'Socket.IO by WebSocket': request('GET', '/socket.io/?EIO=4&transport=websocket', upgrade),
    'Socket.IO by polling': request('GET', '/socket.io/?EIO=4&transport=polling', []),
    CONNECT: 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n',
    'no HTTP': '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    'a registration': post('/api/v1/auth/register', { email: 'broken@example.com', password: 'correct-horse-battery' }),
    'a sign-in': post('/api/v1/auth/login', { email: 'broken@example.com', password: 'correct-horse-battery' }),
    'a message, waiting': say([]),
    'a message, streaming': say([stream]),
    'the log, streaming': request('GET', `${at}/events`, [bearer, stream]),
    'the log as a page': request('GET', `${at}/events`, [bearer]),
    'an export': request('GET', `${at}/export`, [bearer]),
    'a compressed document': request('GET', '/openapi.json', ['Accept-Encoding: br']),
  };
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

function request(method: string, path: string, headers: readonly string[], body = ''): string {
  return `${[`${method} ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...headers].join('\r\n')}\r\n\r\n${body}`;
}

function post(path: string, content: object, headers: readonly string[] = []): string {
  const body = JSON.stringify(content);
  return request('POST', path, ['Content-Type: application/json', `Content-Length: ${body.length}`, ...headers], body);
}
