import { once } from 'node:events';
import { createServer } from 'node:http';
import { Test } from '@nestjs/testing';
import { systemActor } from '@parley/auth';
import { CONFIG, configSchema } from '@parley/platform/config';
import { Drain } from '@parley/platform/lifecycle';
import { Readers } from '@parley/sessions';
import { Server, type Socket } from 'socket.io';
import WebSocket from 'ws';
import { ChatGateway } from './chat.gateway.js';
import { SocketDesk } from './socket-desk.service.js';
import { SocketEntrance } from './socket-entrance.service.js';

const ACTOR = systemActor('org_1', ['socket:connect']);

describe('the gateway of Socket.IO', () => {
  const http = createServer();
  const io = new Server(http);
  const namespace = io.of('/ws/chat');
  /** Every token is looked at until the test says who it is of. */
  const admissions: (() => void)[] = [];
  const knocking: Socket[] = [];
  let url: string;

  beforeAll(async () => {
    const entrance = {
      knock: () => Promise.resolve(),
      admit: () => new Promise((resolve) => admissions.push(() => resolve(ACTOR))),
      count: () => () => undefined,
      watch: () => () => undefined,
    };
    const module = await Test.createTestingModule({
      providers: [
        ChatGateway,
        { provide: SocketEntrance, useValue: entrance },
        { provide: SocketDesk, useValue: {} },
        { provide: Readers, useValue: {} },
        { provide: Drain, useValue: { onDrain: () => undefined } },
        { provide: CONFIG, useValue: configSchema.parse({}) },
      ],
    }).compile();
    const gateway = module.get(ChatGateway);
    namespace.use((socket, next) => {
      knocking.push(socket);
      next();
    });
    gateway.afterInit(namespace);
    namespace.on('connection', (socket) => gateway.handleConnection(socket));
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const address = http.address();
    url = `ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/socket.io/?EIO=4&transport=websocket`;
  });
  afterAll(async () => {
    await io.close();
  });

  /** Knocks with some token; resolves while it is looked at. */
  async function knock(): Promise<{ client: WebSocket; socket: Socket }> {
    const client = new WebSocket(url);
    await once(client, 'open');
    const before = admissions.length;
    client.send('40/ws/chat,{"token":"t"}');
    while (admissions.length === before) await new Promise(setImmediate);
    const socket = knocking.at(-1);
    if (socket === undefined) throw new Error('nobody has knocked');
    return { client, socket };
  }
  /** A room listens to the line of its socket. */
  const hasRoom = ({ conn }: Socket): boolean => conn.listenerCount('packetCreate') > 0;

  it('makes a room for who is admitted', async () => {
    const { client, socket } = await knock();
    admissions.at(-1)?.();
    while (!socket.connected) await new Promise(setImmediate);
    expect(hasRoom(socket)).toBe(true);
    client.close();
    await once(socket, 'disconnect');
  });

  it('makes none for who has gone while its token was looked at: nobody would ever take it down', async () => {
    const { client, socket } = await knock();
    const gone = once(socket.conn, 'close');
    client.terminate();
    await gone;
    admissions.at(-1)?.();
    for (let n = 0; n < 10; n += 1) await new Promise(setImmediate);
    expect([socket.connected, hasRoom(socket)]).toEqual([false, false]);
  });
});
