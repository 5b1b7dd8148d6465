import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { configSchema } from '../config/index.js';
import { HandshakeRules } from './handshake-rules.js';
import { UpgradeDoors } from './upgrade-doors.js';

const HANDSHAKE = [
  'GET /ws/chat/ses_1 HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n');

describe('a client that breaks off while its upgrade is decided', () => {
  const server = createServer();
  afterAll(() => {
    server.close();
  });

  it('does not take the process with it', async () => {
    const doors = new UpgradeDoors();
    const taken = new Promise<Duplex>((resolve) => {
      doors.open(/^\/ws\/chat\/(\w+)$/, (_request, socket) => resolve(socket));
    });
    doors.attach(server, new HandshakeRules(configSchema.parse({})));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const client = connect({ port: typeof address === 'object' ? (address?.port ?? 0) : 0, host: '127.0.0.1' });
    await once(client, 'connect');
    client.write(HANDSHAKE);
    const socket = await taken;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    // An error event that nobody listens to is thrown, and ends the process.
    expect(socket.listenerCount('error')).toBeGreaterThan(0);
    client.resetAndDestroy();
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});
