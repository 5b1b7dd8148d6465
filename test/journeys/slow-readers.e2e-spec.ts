import { setTimeout as sleep } from 'node:timers/promises';
import type { ParleyClient } from '../support/nodes/client.js';
import { PlainLine, record, type SessionView, SocketIoLine } from '../support/sockets/index.js';
import { ChatWorld } from './chat-world.js';

/** More than system and program together keep for a client that takes nothing. */
const PIECES = 200;
const PIECE = 'x'.repeat(65_536);
const RUN_MS = 60_000;
/** A client has ten seconds to take something before the line is closed. */
const GIVEN_UP_MS = 13_000;

/** A client that can stop to take anything off the wire, as one does that hangs: the line itself stays up. */
interface Client {
  readonly view: SessionView;
  pause(): void;
  resume(): void;
  close(): void;
}

describe('a reader that is too slow', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let session: string;
  const clients: { close(): void }[] = [];
  beforeAll(async () => {
    const env = { PARLEY__SOCKETS__BUFFER_BYTES: '65536', PARLEY__SOCKETS__HEARTBEAT_SECONDS: '60' };
    world = await ChatWorld.open(env);
    ada = await world.user();
  }, 60_000);
  afterAll(() => world.close());
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  async function plain(after: number): Promise<Client> {
    const line = await PlainLine.open(ada.url, session, { token: ada.token, after });
    clients.push(line);
    const { socket, view } = line;
    return { view, pause: () => socket.pause(), resume: () => socket.resume(), close: () => line.close() };
  }

  async function socketIo(after: number): Promise<Client> {
    const line = await SocketIoLine.open(ada.url, ada.token, { transports: ['websocket'] });
    clients.push(line);
    expect(await line.ask('join', { session_id: session, after })).toMatchObject({ ok: true });
    const webSocket: unknown = Reflect.get(line.socket.io.engine.transport, 'ws');
    if (typeof webSocket !== 'object' || webSocket === null) throw new Error('the client is not on a WebSocket');
    const told = (name: string) => () => Reflect.apply(Reflect.get(webSocket, name), webSocket, []);
    return { view: line.view, pause: told('pause'), resume: told('resume'), close: () => line.close() };
  }

  it.each<[string, (after: number) => Promise<Client>, RegExp]>([
    ['plain WebSocket', plain, /^4408$/],
    ['Socket.IO', socketIo, /^(?:io server disconnect|transport close)$/],
  ])(
    'by %s holds up nobody, is told so and cut off, and goes on after the last seq that it has',
    async (_name, open, end) => {
      world.model.reset();
      session = await world.session(ada);
      const [slow, healthy] = [await open(0), await plain(0)];
      for (const { view } of [slow, healthy]) await view.until('its replay', () => view.statuses.length > 0);
      slow.pause();
      world.model.always({ chunks: Array.from({ length: PIECES }, () => PIECE), betweenMs: 20 });
      const { runId } = await world.leave(ada, session, 'Talk, please.');
      expect(await world.ended(ada, session, runId, RUN_MS)).toMatchObject({ status: 'completed' });
      await healthy.view.runEnd();
      expect([...healthy.view.built.values()].map(({ length }) => length)).toEqual([PIECES * PIECE.length]);

      await sleep(GIVEN_UP_MS);
      expect(slow.view.ended).toBeUndefined();
      slow.resume();
      expect(await slow.view.over()).toMatch(end);
      const [told] = slow.view.errors;
      expect(record(told?.['error'] ?? told)).toMatchObject({ code: 'READER_TOO_SLOW' });
      const had = slow.view.seqs;
      const log = await world.events(ada, session);
      expect(had.length).toBeLessThan(log.length);

      const again = await open(had.at(-1) ?? 0);
      await again.view.runEnd();
      expect([...slow.view.events, ...again.view.events]).toEqual(log);
      expect(record(again.view.messages.at(-1))['content']).toHaveLength(PIECES * PIECE.length);
    },
    120_000,
  );
});
