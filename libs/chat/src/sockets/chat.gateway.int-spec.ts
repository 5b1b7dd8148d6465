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
import { FrameHandler } from './frame-handler.service.js';
import { SocketHandshake } from './socket-handshake.service.js';

const ACTOR = systemActor('org_1', ['socket:connect']);

describe('the gateway of Socket.IO', () => {
  const http = createServer();
  const io = new Server(http);
  const namespace = io.of('/ws/chat');
  /** Every token is looked at until the test says who it is of. */
  const admissions: (() => void)[] = [];
  const knocking: Socket[] = [];
  /** Every frame is looked at until the test says that it may be taken. */
  const looking: (() => void)[] = [];
  let readersOpen = 0;
  let url: string;

  beforeAll(async () => {
    const handshake = {
      checkLimits: () => Promise.resolve(),
      authenticate: () => new Promise((resolve) => admissions.push(() => resolve(ACTOR))),
      count: () => () => undefined,
      watch: () => () => undefined,
    };
    const frames = {
      requireSession: () => Promise.resolve({ lastSeq: 7 }),
      take: async (_connection: unknown, _kind: unknown, frame: unknown, work: (...of: unknown[]) => unknown) => {
        await new Promise<void>((resolve) => looking.push(resolve));
        return work(ACTOR, frame);
      },
    };
    const readers = {
      open: () => {
        readersOpen += 1;
        return {
          close: () => {
            readersOpen -= 1;
          },
        };
      },
    };
    const module = await Test.createTestingModule({
      providers: [
        ChatGateway,
        { provide: SocketHandshake, useValue: handshake },
        { provide: FrameHandler, useValue: frames },
        { provide: Readers, useValue: readers },
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
    namespace.on('connection', (socket) => {
      gateway.handleConnection(socket);
      socket.on('join', (frame: unknown, acknowledge: (reply: unknown) => void) => {
        gateway.join(socket, frame).then(acknowledge, (error: unknown) => acknowledge({ failed: String(error) }));
      });
      socket.on('disconnect', () => gateway.handleDisconnect(socket));
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const address = http.address();
    url = `ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/socket.io/?EIO=4&transport=websocket`;
  });
  afterAll(async () => {
    await io.close();
  });

  /** Knocks with some token; resolves while it is looked at. */
  async function checkLimits(): Promise<{ client: WebSocket; socket: Socket }> {
    const client = new WebSocket(url);
    await once(client, 'open');
    const before = admissions.length;
    client.send('40/ws/chat,{"token":"t"}');
    while (admissions.length === before) await new Promise(setImmediate);
    const socket = knocking.at(-1);
    if (socket === undefined) throw new Error('nobody has knocked');
    return { client, socket };
  }
  /** The client of a socket listens to its line. */
  const isKept = ({ conn }: Socket): boolean => conn.listenerCount('packetCreate') > 0;

  it('keeps a client for whoever is let in', async () => {
    const { client, socket } = await checkLimits();
    admissions.at(-1)?.();
    while (!socket.connected) await new Promise(setImmediate);
    expect(isKept(socket)).toBe(true);
    client.close();
    await once(socket, 'disconnect');
  });

  it('makes none for who has gone while its token was looked at: nobody would ever take it down', async () => {
    const { client, socket } = await checkLimits();
    const gone = once(socket.conn, 'close');
    client.terminate();
    await gone;
    admissions.at(-1)?.();
    for (let n = 0; n < 10; n += 1) await new Promise(setImmediate);
    expect([socket.connected, isKept(socket)]).toEqual([false, false]);
  });

  /** A client that is in, and whose frame `join` is looked at. */
  async function joining(): Promise<{ client: WebSocket; socket: Socket }> {
    const { client, socket } = await checkLimits();
    admissions.at(-1)?.();
    while (!socket.connected) await new Promise(setImmediate);
    const before = looking.length;
    client.send('42/ws/chat,1["join",{"session_id":"ses_1","after":0}]');
    while (looking.length === before) await new Promise(setImmediate);
    return { client, socket };
  }

  it('opens a reader for who joins, and closes it when the socket goes', async () => {
    const { client, socket } = await joining();
    looking.at(-1)?.();
    while (readersOpen === 0) await new Promise(setImmediate);
    expect(readersOpen).toBe(1);
    const gone = once(socket, 'disconnect');
    client.close();
    await gone;
    expect(readersOpen).toBe(0);
  });

  it('leaves no reader behind when the socket goes while its frame is looked at', async () => {
    const { client, socket } = await joining();
    const gone = once(socket, 'disconnect');
    client.terminate();
    await gone;
    looking.at(-1)?.();
    for (let n = 0; n < 10; n += 1) await new Promise(setImmediate);
    expect(readersOpen).toBe(0);
  });
});
