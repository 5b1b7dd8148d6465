import { once } from 'node:events';
import { createServer } from 'node:http';
import { type Actor, systemActor } from '@parley/auth';
import { ProcessBus } from '@parley/platform/bus';
import { configSchema } from '@parley/platform/config';
import { openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { DEFAULT_ORG_ID } from '@parley/schema';
import { DraftsRepository, LiveTexts, LogRepository, Readers, RunsRepository } from '@parley/sessions';
import { Server, type Socket } from 'socket.io';
import { type Socket as Client, io as connect } from 'socket.io-client';
import { z } from 'zod';
import { SocketIoClient } from './socket-io-client.js';

const BOUND = 1_048_576;
const SESSIONS = 8;
const MESSAGES = 40;
/** 30,000 bytes, twice in each event. */
const TEXT = '€'.repeat(10_000);
const EVENT_BYTES = 61_000;
/** A client has ten seconds; before half a minute nothing else ends its line. */
const STALL_MS = 20_000;

describe('the client of a Socket.IO socket', () => {
  const http = createServer();
  const io = new Server(http, { maxHttpBufferSize: 65_536 });
  let db: TestDatabase;
  let ada: Actor;
  let readers: Readers;
  let address: string;
  beforeAll(async () => {
    db = await openTestDatabase();
    const { database } = db;
    const parts = [new LogRepository(database), new RunsRepository(database), new DraftsRepository(database)] as const;
    readers = new Readers(new ProcessBus(), ...parts, new LiveTexts(), configSchema.parse({}));
    readers.onModuleInit();
    ada = { ...systemActor(DEFAULT_ORG_ID, ['session:read']), kind: 'user', principalId: 'usr_ada' };
    await fill(db);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const listening = http.address();
    address = `http://127.0.0.1:${typeof listening === 'object' ? listening?.port : ''}`;
  }, 60_000);
  afterAll(async () => {
    readers.onModuleDestroy();
    await io.close();
    await db.close();
  });

  /** The next socket, and what is kept of it. */
  function next(): Promise<{ socket: Socket; kept: SocketIoClient }> {
    return new Promise((resolve) => {
      io.once('connection', (socket) => {
        const kept = new SocketIoClient(socket, ada, readers, configSchema.parse({}));
        socket.on('disconnect', () => kept.close());
        resolve({ socket, kept });
      });
    });
  }

  /** A client on a WebSocket. */
  async function open() {
    const taken = next();
    const client = connect(address, { transports: ['websocket'], forceNew: true, reconnection: false });
    const told: unknown[] = [];
    const seqs = new Map<string, number[]>();
    client.on('event', ({ session_id: id, seq }: { session_id: string; seq: number }) => {
      seqs.set(id, [...(seqs.get(id) ?? []), seq]);
    });
    client.on('error', (problem: unknown) => told.push(problem));
    await new Promise<void>((resolve) => client.once('connect', () => resolve()));
    return { client, told, seqs, ...(await taken) };
  }

  /** A client that is let in, and never asks for what there is. */
  async function openSilent() {
    const taken = next();
    const url = `${address}/socket.io/?EIO=4&transport=polling`;
    const { sid } = z.object({ sid: z.string() }).parse(JSON.parse((await (await fetch(url)).text()).slice(1)));
    await fetch(`${url}&sid=${sid}`, { method: 'POST', body: '40' });
    return taken;
  }

  function joinAll(kept: SocketIoClient): void {
    for (let n = 0; n < SESSIONS; n += 1) kept.join(ada, `ses_${n}`, 0);
  }

  /** How long it takes until the line is closed; what is there then is gone. */
  async function closing(socket: Socket): Promise<number> {
    const since = performance.now();
    await once(socket.conn, 'close');
    expect([socket.connected, socket.conn.readyState]).toEqual([false, 'closed']);
    return performance.now() - since;
  }

  it('holds at most its bound for all sessions that it has joined, and then gives everything', async () => {
    const { client, socket, kept, seqs } = await open();
    let most = 0;
    socket.conn.on('packetCreate', () => {
      most = Math.max(most, waiting(socket));
    });
    pause(client, true);
    joinAll(kept);
    await until(() => most > BOUND / 2);
    await quiet(() => most);
    expect(most).toBeLessThan(BOUND + 2 * EVENT_BYTES);
    pause(client, false);
    const all = Array.from({ length: MESSAGES }, (_, index) => index + 1);
    await until(() => [...seqs.values()].flat().length === SESSIONS * MESSAGES);
    expect([...seqs.values()]).toEqual(Array.from({ length: SESSIONS }, () => all));
    expect(most).toBeLessThan(BOUND + 2 * EVENT_BYTES);
    client.close();
  });

  it('closes a WebSocket that is too slow at once, and says why to who reads on', async () => {
    const { client, socket, kept, told, seqs } = await open();
    pause(client, true);
    joinAll(kept);
    expect(await closing(socket)).toBeLessThan(STALL_MS);
    expect(told).toEqual([]);
    pause(client, false);
    await until(() => client.disconnected);
    expect(told).toEqual([expect.objectContaining({ code: 'READER_TOO_SLOW' })]);
    // Nothing is missing of what came before.
    for (const had of seqs.values()) expect(had).toEqual(had.map((_, index) => index + 1));
  });

  it('closes a client that does not poll at once', async () => {
    const { socket, kept } = await openSilent();
    joinAll(kept);
    await until(() => waiting(socket) > BOUND / 2);
    await quiet(() => waiting(socket));
    expect(waiting(socket)).toBeLessThan(BOUND + 2 * EVENT_BYTES);
    expect(await closing(socket)).toBeLessThan(STALL_MS);
    expect(socket.conn.transport.readyState).toBe('closed');
  });
});

/** What the line of a socket holds, in bytes, seen from below: packets, and what the stream under the WebSocket keeps. */
function waiting({ conn }: Socket): number {
  const packets: unknown = Reflect.get(conn, 'writeBuffer');
  const held = Array.isArray(packets)
    ? packets.map((packet: unknown) => bytesOf(Reflect.get(Object(packet), 'data')))
    : [];
  const webSocket: unknown = Reflect.get(conn.transport, 'socket');
  const stream: unknown = Reflect.get(Object(Reflect.get(Object(webSocket), '_socket')), '_writableState');
  const chunks: unknown = Reflect.get(Object(stream), 'buffered');
  const corked = Array.isArray(chunks)
    ? chunks.map((chunk: unknown) => bytesOf(Reflect.get(Object(chunk), 'chunk')))
    : [];
  return [...held, ...corked].reduce((sum, bytes) => sum + bytes, 0);
}

function bytesOf(data: unknown): number {
  return typeof data === 'string' || Buffer.isBuffer(data) ? Buffer.byteLength(data) : 0;
}

/** Stops taking anything off the wire, as a client does that hangs. */
function pause(client: Client, still: boolean): void {
  const webSocket: unknown = Reflect.get(client.io.engine.transport, 'ws');
  const name = still ? 'pause' : 'resume';
  if (webSocket !== undefined) Reflect.apply(Reflect.get(Object(webSocket), name), webSocket, []);
}

async function until(holds: () => boolean, withinMs = 20_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Resolves when the figure has stayed the same for a while. */
async function quiet(figure: () => number): Promise<void> {
  for (let [before, same] = [Number.NaN, 0]; same < 20; ) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    same = figure() === before ? same + 1 : 0;
    before = figure();
  }
}

async function fill({ pool }: TestDatabase): Promise<void> {
  await pool.query("insert into principals (id, kind, created_at) values ('usr_ada', 'user', now())");
  await pool.query("insert into memberships (org_id, principal_id, joined_at) values ($1, 'usr_ada', now())", [
    DEFAULT_ORG_ID,
  ]);
  await pool.query(
    `insert into sessions (org_id, id, owner_id, use_case, last_seq, last_activity_at, created_at, updated_at)
    select $1, 'ses_' || n, 'usr_ada', 'basic_chat', $3, now(), now(), now() from generate_series(0, $2 - 1) as n`,
    [DEFAULT_ORG_ID, SESSIONS, MESSAGES],
  );
  await pool.query(
    `insert into messages (org_id, session_id, seq, id, owner_id, turn_seq, role, author_type, author_id, content,
      status, created_at)
    select $1, 'ses_' || n, seq, 'msg_' || n || '_' || seq, 'usr_ada', seq, 'user', 'user', 'usr_ada', $4, 'complete', now()
    from generate_series(0, $2 - 1) as n, generate_series(1, $3::int) as seq`,
    [DEFAULT_ORG_ID, SESSIONS, MESSAGES, TEXT],
  );
  await pool.query(
    `insert into session_events (org_id, session_id, seq, type, message_id, at)
    select $1, 'ses_' || n, seq, 'message.created', 'msg_' || n || '_' || seq, now()
    from generate_series(0, $2 - 1) as n, generate_series(1, $3::int) as seq`,
    [DEFAULT_ORG_ID, SESSIONS, MESSAGES],
  );
}
