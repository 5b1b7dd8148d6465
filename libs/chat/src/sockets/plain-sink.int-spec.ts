import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import WebSocket, { WebSocketServer } from 'ws';
import { PlainSink } from './plain-sink.js';

describe('the sink of a plain WebSocket', () => {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  let sink: PlainSink;
  let client: WebSocket;
  beforeAll(async () => {
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const opened = new Promise<PlainSink>((resolve) => {
      sockets.on('connection', (socket: WebSocket, { socket: wire }: { socket: Duplex }) => {
        resolve(
          new PlainSink(
            socket,
            wire,
            () => Promise.resolve(undefined),
            () => undefined,
          ),
        );
      });
    });
    const address = http.address();
    client = new WebSocket(`ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
    await once(client, 'open');
    sink = await opened;
  });
  afterAll(() => {
    client.terminate();
    sockets.close();
    http.close();
  });

  it('says in bytes what waits for its client, who gets it as text', async () => {
    const heard: unknown[] = [];
    client.on('message', (data: Buffer, isBinary: boolean) =>
      heard.push(isBinary ? 'bytes' : JSON.parse(data.toString())),
    );
    client.pause();
    const wide = { run_id: 'run_1', message_id: 'msg_1', text: '€'.repeat(100_000) };
    let sent = 0;
    while (sink.buffered() < 1_000_000 && sent < 200) {
      sink.snapshot(wide);
      sent += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const before = sink.buffered();
    sink.snapshot(wide);
    expect(sink.buffered() - before).toBeGreaterThanOrEqual(300_000);
    client.resume();
    while (heard.length <= sent) await new Promise(setImmediate);
    expect(new Set(heard.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify({ type: 'snapshot', ...wide })]),
    );
    expect(sink.buffered()).toBe(0);
  });
});
