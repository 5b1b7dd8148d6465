import { type IncomingMessage, request } from 'node:http';
import { ChatWorld } from '../journeys/chat-world.js';
import { ParleyClient } from '../support/nodes/client.js';
import { PlainLine, SocketIoLine } from '../support/sockets/index.js';

const ENGINE = '/socket.io/?EIO=4&transport=websocket';
const POLL = '/socket.io/?EIO=4&transport=polling';
const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

interface Told {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly code: unknown;
}

/** Sends one request as it is and tells what was answered; 101 where the connection was upgraded. */
function knock(url: string, path: string, headers: Record<string, string>, method = 'GET'): Promise<Told> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { method, headers, agent: false });
    asked.once('upgrade', (answer, socket) => {
      socket.destroy();
      resolve({ status: answer.statusCode, type: undefined, headers: answer.headers, code: undefined });
    });
    asked.once('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.once('end', () => {
        const type = answer.headers['content-type']?.split(';', 1)[0];
        const code: unknown = type === 'application/problem+json' ? Reflect.get(JSON.parse(text), 'code') : undefined;
        resolve({ status: answer.statusCode, type, headers: answer.headers, code });
      });
    });
    asked.once('error', reject);
    asked.end();
  });
}

describe('handshakes', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let session: string;
  let plain: string;
  beforeAll(async () => {
    world = await ChatWorld.open({
      PARLEY__HTTP__ALLOWED_HOSTS: '127.0.0.1,*.parley.example',
      PARLEY__CORS__ORIGINS: 'https://app.example',
      PARLEY__SOCKETS__AUTH_TIMEOUT_SECONDS: '1',
    });
    ada = await world.user();
    session = await world.session(ada);
    plain = `/ws/chat/${session}`;
  }, 60_000);
  afterAll(() => world.close());
  /** Whatever was knocked at, who comes properly is served. */
  afterEach(async () => {
    const [line, socket] = await Promise.all([
      PlainLine.open(ada.url, session, { token: ada.token }),
      SocketIoLine.open(ada.url, ada.token),
    ]);
    line.send({ type: 'ping' });
    expect(await line.answer('pong')).toEqual({ type: 'pong' });
    expect(await socket.ask('join', { session_id: session })).toMatchObject({ ok: true });
    line.close();
    socket.close();
  });

  const paths = () => [plain, ENGINE];
  const refused = (told: Told) => [told.status, told.type, told.code];

  it('are taken at both addresses, from a listed origin and a served host too', async () => {
    for (const path of paths()) {
      expect((await knock(ada.url, path, UPGRADE)).status).toBe(101);
      expect((await knock(ada.url, path, { ...UPGRADE, Origin: 'https://app.example' })).status).toBe(101);
      expect((await knock(ada.url, path, { ...UPGRADE, Host: 'chat.parley.example:443' })).status).toBe(101);
    }
    expect((await knock(ada.url, POLL, { Host: 'chat.parley.example' })).status).toBe(200);
  });

  it('by polling from a listed origin may be read by its page, and are asked for first', async () => {
    const Origin = 'https://app.example';
    const allowed = { 'access-control-allow-origin': Origin, 'access-control-allow-credentials': 'true' };
    const poll = await knock(ada.url, POLL, { Origin });
    expect([poll.status, poll.headers]).toMatchObject([200, allowed]);
    const asking = { Origin, 'Access-Control-Request-Method': 'POST' };
    const preflight = await knock(ada.url, POLL, asking, 'OPTIONS');
    expect([preflight.status, preflight.headers]).toMatchObject([204, allowed]);
  });

  it.each(['evil.example', '127.0.0.1.evil.example', 'parley.example', 'evilparley.example'])(
    'for the host %s are refused, by the rule of HTTP',
    async (Host) => {
      const http = refused(await knock(ada.url, '/api/v1/auth/me', { Host }));
      expect(http).toEqual([400, 'application/problem+json', 'HOST_NOT_ALLOWED']);
      for (const path of [...paths(), '/nowhere']) {
        expect([path, ...refused(await knock(ada.url, path, { ...UPGRADE, Host }))]).toEqual([path, ...http]);
      }
      expect(refused(await knock(ada.url, POLL, { Host }))).toEqual(http);
    },
  );

  it.each(['https://evil.example', 'null', 'https://app.example.evil.example', 'http://app.example'])(
    'from the origin %s are refused',
    async (Origin) => {
      const problem = [403, 'application/problem+json', 'ORIGIN_NOT_ALLOWED'];
      for (const path of paths()) {
        const told = await knock(ada.url, path, { ...UPGRADE, Origin });
        expect([path, ...refused(told)]).toEqual([path, ...problem]);
        expect(told.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
        expect(told.headers['x-correlation-id']).toMatch(/\S/);
      }
      expect(refused(await knock(ada.url, POLL, { Origin }))).toEqual(problem);
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('by %s are refused', async (method) => {
    for (const path of paths()) {
      const told = await knock(ada.url, path, UPGRADE, method);
      expect([path, ...refused(told)]).toEqual([path, 405, 'application/problem+json', 'METHOD_NOT_ALLOWED']);
      expect(told.headers.allow).toBe('GET');
    }
  });

  it('that are no WebSocket handshake are refused with what is wrong', async () => {
    for (const wrong of [{ 'Sec-WebSocket-Version': '7' }, { 'Sec-WebSocket-Key': 'short' }, { Upgrade: 'h2c' }]) {
      const told = await knock(ada.url, plain, { ...UPGRADE, ...wrong });
      expect(refused(told)).toEqual([400, 'application/problem+json', 'BAD_REQUEST']);
      expect(told.headers['sec-websocket-version']).toBe('13');
    }
    // Without the wish to upgrade it is a request like any other, to a route that does not exist.
    expect(refused(await knock(ada.url, plain, {}))).toEqual([404, 'application/problem+json', 'NOT_FOUND']);
  });

  it.each([
    '/',
    '/ws',
    '/ws/chat',
    '/ws/chat/',
    '/ws/chat/a/b',
    '/ws/other/x',
    '/api/v1/chat/sessions',
    '/socket.iox/',
  ])('at %s lead nowhere', async (path) => {
    const told = refused(await knock(ada.url, path, UPGRADE));
    expect(told).toEqual([404, 'application/problem+json', 'NOT_FOUND']);
  });

  it.each(['/', '/ws', '/ws/other', '/admin'])(
    'in the namespace %s are refused, with a token too',
    async (namespace) => {
      const { io } = await import('socket.io-client');
      for (const transports of [['websocket'], ['polling']]) {
        const socket = io(`${ada.url}${namespace}`, {
          auth: { token: ada.token },
          transports,
          forceNew: true,
          reconnection: false,
        });
        const outcome = await new Promise<string>((resolve) => {
          socket.once('connect', () => resolve('connected'));
          socket.once('connect_error', () => resolve('refused'));
        });
        socket.close();
        expect(outcome).toBe('refused');
      }
    },
  );

  it('without a token, or with one in the address, let nobody in', async () => {
    const token = String(ada.token);
    for (const name of ['token', 'access_token', 'auth']) {
      await expect(SocketIoLine.open(ada.url, null, { query: { [name]: token } })).rejects.toMatchObject({
        cause: { code: 'TOKEN_INVALID', status: 401 },
      });
      const line = await PlainLine.open(ada.url, `${session}?${name}=${token}`);
      // It says nothing, and its time to sign in runs out.
      expect(await line.view.over()).toBe('4401');
      expect(line.view.events).toEqual([]);
    }
  });
});
