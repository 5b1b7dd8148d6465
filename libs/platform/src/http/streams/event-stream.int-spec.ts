import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EventStream, openEventStream } from './event-stream.js';

let server: Server;
let port: number;
let serve: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((_, response) => serve(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Opens a stream and hands out both of its ends. */
function open(heartbeatSeconds = 60): Promise<{ stream: EventStream; reader: IncomingMessage; closed: () => number }> {
  return new Promise((resolve, reject) => {
    let closed = 0;
    let stream: EventStream | undefined;
    serve = (response) => {
      stream = openEventStream(response, {
        heartbeatSeconds,
        onClose: () => {
          closed += 1;
        },
      });
    };
    get({ port, host: '127.0.0.1' }, (reader) => {
      if (stream !== undefined) resolve({ stream, reader, closed: () => closed });
    }).on('error', reject);
  });
}

it('sends headers before any event, then each event at once', async () => {
  const { stream, reader } = await open();
  expect(reader.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
  });
  reader.setEncoding('utf8');
  const first = new Promise((resolve) => reader.once('data', resolve));
  stream.write({ id: 7, event: 'delta', data: '{"text":"ä"}' });
  expect(await first).toBe('id: 7\nevent: delta\ndata: {"text":"ä"}\n\n');
  const second = new Promise((resolve) => reader.once('data', resolve));
  stream.write({ event: 'status', data: '{}' });
  expect(await second).toBe('event: status\ndata: {}\n\n');
  stream.end();
});

it('beats while nothing is said, and not into a line that nobody reads', async () => {
  const { stream, reader } = await open(0.03);
  let heard = '';
  reader.on('data', (chunk) => {
    heard += String(chunk);
  });
  await sleep(150);
  expect(heard).toMatch(/^(?::\n\n){2,}$/);
  reader.pause();
  while (stream.write({ event: 'delta', data: 'x'.repeat(65_536) }) < 1_000_000);
  const held = stream.buffered();
  await sleep(100);
  expect(stream.buffered()).toBeLessThanOrEqual(held);
  reader.destroy();
});

it('says how much a slow reader has not taken, and nothing once it has caught up', async () => {
  const { stream, reader } = await open();
  reader.pause();
  // The system takes some megabytes before anything has to wait here.
  for (let round = 0; round < 200 && stream.buffered() < 1_048_576; round += 1) {
    stream.write({ event: 'delta', data: 'x'.repeat(262_144) });
    await sleep(5);
  }
  expect(stream.buffered()).toBeGreaterThanOrEqual(1_048_576);
  reader.resume();
  for (let waited = 0; stream.buffered() > 0 && waited < 5000; waited += 10) await sleep(10);
  expect(stream.buffered()).toBe(0);
  stream.end();
});

it('counts what waits by its bytes', async () => {
  const { stream, reader } = await open();
  reader.pause();
  for (let round = 0; round < 200 && stream.buffered() < 1_048_576; round += 1) {
    stream.write({ event: 'delta', data: 'x'.repeat(262_144) });
    await sleep(5);
  }
  const before = stream.buffered();
  stream.write({ event: 'delta', data: '€'.repeat(100_000) });
  expect(stream.buffered() - before).toBeGreaterThanOrEqual(300_000);
  reader.destroy();
});

it('notices once that the reader has gone, and takes nothing more', async () => {
  const { stream, reader, closed } = await open();
  reader.destroy();
  for (let waited = 0; !stream.closed && waited < 2000; waited += 10) await sleep(10);
  expect(stream.closed).toBe(true);
  expect(stream.write({ event: 'delta', data: 'x' })).toBe(0);
  stream.end();
  expect(closed()).toBe(1);
});

it('is closed from the start where the reader had gone before', async () => {
  const closed = await new Promise<number>((resolve) => {
    serve = (response) => {
      const begun = performance.now();
      response.once('close', () =>
        openEventStream(response, { heartbeatSeconds: 60, onClose: () => resolve(performance.now() - begun) }),
      );
    };
    const request = get({ port, host: '127.0.0.1' });
    request.on('error', () => undefined);
    setTimeout(() => request.destroy(), 50);
  });
  expect(closed).toBeLessThan(5000);
});

it('cuts the line', async () => {
  const { stream, reader } = await open();
  const gone = new Promise((resolve) => reader.once('close', resolve));
  reader.on('error', () => undefined);
  stream.destroy();
  await gone;
  expect(reader.complete).toBe(false);
});
