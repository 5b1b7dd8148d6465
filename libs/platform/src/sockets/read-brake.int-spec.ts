import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server } from 'socket.io';
import WebSocket, { WebSocketServer } from 'ws';
import { brakeEngine } from './engine-brake.js';
import { ReadBrake } from './read-brake.js';

const MOST = 1_000_000;
/** A namespace that there is not: the refusal is longer than the question. */
const NOWHERE = `40/${'n'.repeat(100)},`;
/** One frame of a client: masked, with nothing in it but `text`. */
const frame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);

describe('a client that floods and does not read', () => {
  const http = createServer();
  const io = new Server(http, { destroyUpgrade: false });
  const plain = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const wires: Duplex[] = [];
  const clients: WebSocket[] = [];
  let address: string;
  let mostUnsent = 0;
  let answered = 0;

  beforeAll(async () => {
    io.engine.on('connection', (line) => {
      brakeEngine(line, MOST);
      let unsent = 0;
      line.on('packetCreate', ({ data }: { data?: string }) => {
        unsent += data?.length ?? 0;
        mostUnsent = Math.max(mostUnsent, unsent);
        answered += 1;
      });
      line.on('flush', () => {
        unsent = 0;
      });
    });
    http.on('upgrade', (request, wire: Duplex, head) => {
      wires.push(wire);
      if (request.url !== '/plain') return;
      plain.handleUpgrade(request, wire, head, (socket) => {
        const line = {
          pause: () => socket.pause(),
          resume: () => socket.resume(),
          waiting: () => socket.bufferedAmount,
        };
        const brake = new ReadBrake(line, MOST);
        socket.on('error', () => undefined);
        socket.on('close', () => brake.end());
        socket.on('message', () => {
          socket.send('x'.repeat(250));
          answered += 1;
          brake.took();
        });
      });
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const bound = http.address();
    address = `127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`;
  });
  afterAll(async () => {
    for (const client of clients) client.terminate();
    await io.close();
  });
  beforeEach(() => {
    mostUnsent = 0;
    answered = 0;
  });

  /** Sends far more frames than may be answered, and reads nothing, until nothing moves any more. */
  async function flood(path: string, text: string): Promise<{ client: WebSocket; wire: Duplex; frames: number }> {
    const client = new WebSocket(`ws://${address}${path}`);
    clients.push(client);
    const [{ socket: own }] = await once(client, 'upgrade');
    client.on('error', () => undefined).pause();
    const wire = wires.at(-1);
    if (wire === undefined) throw new Error('nobody has come');
    const frames = 100_000;
    own.write(Buffer.concat(Array.from({ length: frames }, () => frame(text))));
    for (let before = -1; before !== answered || before === 0; ) {
      before = answered;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    return { client, wire, frames };
  }

  it('is read no further than its answers go on a WebSocket, and on when it takes them', async () => {
    const { client, wire, frames } = await flood('/plain', 'x');
    // What it was sent, what the system has taken besides, and what one piece brings.
    expect(wire.writableLength).toBeGreaterThan(MOST);
    expect(wire.writableLength).toBeLessThan(6 * MOST);
    expect(answered).toBeLessThan(frames);
    let heard = 0;
    client.on('message', () => {
      heard += 1;
    });
    client.resume();
    while (heard < frames) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answered).toBe(frames);
  });

  it('is read no further on Engine.IO, signed in or not', async () => {
    const { frames } = await flood('/socket.io/?EIO=4&transport=websocket', NOWHERE);
    expect(mostUnsent).toBeLessThan(4 * MOST);
    expect(answered).toBeLessThan(frames);
  });

  it('is closed where it polls', async () => {
    const url = `http://${address}/socket.io/?EIO=4&transport=polling`;
    const opened = await (await fetch(url)).text();
    const { sid } = JSON.parse(opened.slice(1));
    const body = Array.from({ length: 9000 }, () => NOWHERE).join('\x1e');
    const statuses: number[] = [];
    for (let n = 0; n < 3; n += 1) statuses.push((await fetch(`${url}&sid=${sid}`, { method: 'POST', body })).status);
    expect(statuses.at(-1)).toBe(400);
    expect(mostUnsent).toBeLessThan(2 * MOST);
  });
});

describe('a brake', () => {
  it('lets others be heard between many frames, and holds nobody who is gone', async () => {
    const calls: string[] = [];
    let waiting = 0;
    const line = { pause: () => calls.push('pause'), resume: () => calls.push('resume'), waiting: () => waiting };
    const brake = new ReadBrake(line, 10);
    for (let n = 0; n < 99; n += 1) brake.took();
    expect(calls).toEqual([]);
    for (let n = 0; n < 50; n += 1) brake.took();
    expect(calls).toEqual(['pause']);
    await new Promise(setImmediate);
    expect(calls).toEqual(['pause', 'resume']);
    waiting = 11;
    brake.took();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(calls).toEqual(['pause', 'resume', 'pause']);
    waiting = 10;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(calls).toEqual(['pause', 'resume', 'pause', 'resume']);
    brake.end();
    waiting = 11;
    brake.took();
    expect(calls).toHaveLength(4);
  });
});
