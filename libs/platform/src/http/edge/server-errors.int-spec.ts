import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { answerServerErrors } from './server-errors.js';

describe('what Node would answer by itself', () => {
  const server = createServer();
  beforeAll(async () => {
    answerServerErrors(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.close();
  });

  async function say(text: string): Promise<Socket> {
    const address = server.address();
    const client = connect({ port: typeof address === 'object' ? (address?.port ?? 0) : 0, host: '127.0.0.1' });
    client.on('error', () => undefined);
    await once(client, 'connect');
    client.write(text);
    return client;
  }
  async function answerTo(text: string): Promise<string> {
    const client = await say(text);
    let answer = '';
    client.on('data', (bytes) => {
      answer += bytes.toString();
    });
    await once(client, 'close');
    return answer;
  }

  it.each([
    ['CONNECT', 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n', 405],
    ['a broken header', 'GET / HTTP/1.1\r\nHo st: a\r\n\r\n', 400],
    ['an unknown method', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n', 405],
  ])('answers %s with a problem', async (_, text, status) => {
    expect(await answerTo(text)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*application/problem\\+json`));
  });

  it('does not end with a client that breaks off before it has its answer', async () => {
    const taken = new Promise<Socket>((resolve) => {
      server.once('connect', (_request, socket: Socket) => resolve(socket));
    });
    const client = await say('CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n');
    const socket = await taken;
    // An error event that nobody listens to is thrown, and ends the process.
    expect(socket.listenerCount('error')).toBeGreaterThan(0);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    client.resetAndDestroy();
    await closed;
    expect(await answerTo('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n')).toContain('405');
  });
});
