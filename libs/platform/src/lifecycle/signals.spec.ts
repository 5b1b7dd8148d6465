import { createServer } from 'node:http';
import { type INestApplicationContext, Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ConfigModule, configSchema } from '../config/index.js';
import { Drain } from './drain.js';
import { leaveOnSignals } from './signals.js';

describe('leaveOnSignals', () => {
  const exit = jest.spyOn(process, 'exit');
  const exited = () => exit.mock.calls.map(([code]) => code);
  let app: INestApplicationContext;
  beforeEach(async () => {
    Logger.overrideLogger(false);
    // Nothing may end the process that tests it.
    exit.mockReset().mockImplementation();
    const config = ConfigModule.forRoot(configSchema.parse({ shutdown: { drain_seconds: 0.2 } }));
    const module = await Test.createTestingModule({ imports: [config], providers: [Drain] }).compile();
    app = await module.init();
  });
  afterEach(() => {
    process.removeAllListeners('SIGTERM');
    process.removeAllListeners('SIGINT');
  });
  afterAll(() => exit.mockRestore());

  it('drains, closes the application and exits with 0', async () => {
    const order: string[] = [];
    app.get(Drain).onDrain('work', 'runs', async () => void order.push('drained'));
    jest.spyOn(app, 'close').mockImplementation(async () => void order.push('closed'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    leaveOnSignals(app, server);
    process.emit('SIGTERM');
    expect(app.get(Drain).draining).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(order).toEqual(['drained', 'closed']);
    expect(server.listening).toBe(false);
    expect(exited()).toEqual([0]);
  });

  it('says by its exit code that closing failed', async () => {
    jest.spyOn(app, 'close').mockRejectedValue(new Error('the pool is stuck'));
    leaveOnSignals(app);
    process.emit('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(exited()).toEqual([1]);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends at once with the second signal, %s', async (second, code) => {
    app.get(Drain).onDrain('work', 'runs', () => new Promise((resolve) => setTimeout(resolve, 150)));
    leaveOnSignals(app);
    process.emit('SIGTERM');
    process.emit(second);
    expect(exited()).toEqual([code]);
    await new Promise((resolve) => setTimeout(resolve, 250));
  });
});
