import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { describeOnRedis, eventually, freePort, openTestRedis, type TestRedis } from '@parley/platform/testing';
import { RedisBus } from './redis-bus.js';

const PATIENCE_MS = 300;

/** A published message on its way to its listeners, as RESP has it. An answer to a ping may stand right beside it. */
const MESSAGE = /\*3\r\n\$7\r\nmessage\r\n\$\d+\r\n[^\r]*\r\n\$\d+\r\n[^\r]*\r\n/g;

/** Stands between a node and its Redis and swallows what was published, while everything else goes through. */
class Swallower {
  swallows = false;
  /** Takes everything and brings nothing back. */
  holds = false;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(redis: TestRedis) {
    this.server = createServer((client) => {
      const upstream = connect(redis.port, '127.0.0.1');
      for (const socket of [client, upstream]) {
        this.sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => void [client.destroy(), upstream.destroy()]);
      }
      client.pipe(upstream);
      upstream.on('data', (bytes: Buffer) => {
        if (this.holds) return;
        client.write(this.swallows ? bytes.toString('latin1').replaceAll(MESSAGE, '') : bytes, 'latin1');
      });
    });
  }

  async listen(): Promise<string> {
    const port = await freePort();
    await new Promise<void>((resolve) => void this.server.listen(port, '127.0.0.1', resolve));
    return `redis://127.0.0.1:${port}`;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}

beforeAll(() => Logger.overrideLogger(false));

describeOnRedis('RedisBus on a line that stands and carries nothing', () => {
  let redis: TestRedis;
  let between: Swallower;
  let bus: RedisBus;
  beforeEach(async () => {
    redis = await openTestRedis();
    between = new Swallower(redis);
    bus = new RedisBus({ url: await between.listen(), prefix: 'test:', nodeId: 'nod_A', patienceMs: PATIENCE_MS });
    await bus.open();
    await eventually(() => bus.state().healthy, 'connected', 5000);
  });
  afterEach(async () => {
    await bus.close();
    between.close();
    await redis.close();
  });

  it('says so, makes its readers look for themselves, and is well again when messages come', async () => {
    const doubt = jest.fn();
    bus.onDoubt(doubt);
    between.swallows = true;
    await eventually(() => !bus.state().healthy, 'noticed', 6 * PATIENCE_MS);
    await eventually(() => doubt.mock.calls.length > 0, 'doubt', 5000);
    expect(bus.state().reason).not.toMatch(/127|localhost|:\d/);
    between.swallows = false;
    await eventually(() => bus.state().healthy, 'back', 5000);
    await sleep(3 * PATIENCE_MS);
    expect(bus.state()).toEqual({ healthy: true });
  });

  it('survives that the line breaks while it waits for several answers', async () => {
    const lost: unknown[] = [];
    const note = (reason: unknown) => void lost.push(reason);
    process.on('unhandledRejection', note);
    try {
      const left = bus.subscribe('left', () => undefined);
      await left.ready;
      between.holds = true;
      // Of one tick: both commands are under way when the line breaks.
      left.close();
      bus.subscribe('joined', () => undefined);
      await sleep(50);
      between.cut();
      between.holds = false;
      await eventually(() => bus.state().healthy, 'back', 5000);
      expect(lost).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('stays well while nobody says anything', async () => {
    const doubt = jest.fn();
    bus.onDoubt(doubt);
    const unwell: unknown[] = [];
    const until = Date.now() + 10 * PATIENCE_MS;
    while (Date.now() < until) {
      if (!bus.state().healthy) unwell.push(bus.state());
      await sleep(5);
    }
    expect(unwell).toEqual([]);
    expect(doubt).not.toHaveBeenCalled();
  });
});
