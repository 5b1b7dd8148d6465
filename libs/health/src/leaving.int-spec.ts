import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../../../test/support/root.js';

const APP = 'libs/health/src/leaving-app.factory.ts';

interface Running {
  readonly process: ChildProcess;
  readonly port: number;
  readonly events: { event: string; at: number }[];
  /** Exit code; null when a signal killed it. */
  readonly exited: Promise<number | null>;
  until(event: string): Promise<void>;
}

const running = new Set<ChildProcess>();

/** @param more environment over the clean one */
async function start(
  dataDir: string,
  jobSeconds: number,
  shutdown: Record<string, number>,
  more: Record<string, string> = {},
): Promise<Running> {
  const settings = Object.entries(shutdown).map(([key, value]) => [`PARLEY__SHUTDOWN__${key}`, String(value)]);
  const child = spawn(process.execPath, ['test/support/run-typescript.cjs', APP, String(jobSeconds)], {
    cwd: ROOT,
    env: { PARLEY_ENV: 'test', PARLEY_DATA_DIR: dataDir, ...Object.fromEntries(settings), ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const errors: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  const exited = new Promise<number | null>((done) => {
    child.once('exit', (code) => {
      running.delete(child);
      done(code);
    });
  });
  const events: Running['events'] = [];
  let port = 0;
  createInterface(child.stdout).on('line', (line) => {
    if (!line.startsWith('{"event"')) return;
    const said = JSON.parse(line);
    events.push({ event: said.event, at: Date.now() });
    if (typeof said.port === 'number') port = said.port;
  });
  const until = async (event: string) => {
    for (let waited = 0; !events.some((each) => each.event === event); waited += 20) {
      if (waited > 25_000 || child.exitCode !== null) throw new Error(`no "${event}": ${errors.join('')}`);
      await sleep(20);
    }
  };
  await until('listening');
  return { process: child, port, events, exited, until };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}

async function get(port: number, path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
  const body: unknown = await response.json();
  return { status: response.status, body: Object(body) };
}

describe('a process that is told to leave', () => {
  let dataDir: string;
  beforeAll(async () => {
    const home = await mkdtemp(join(tmpdir(), 'parley-leave-'));
    // PostgreSQL runs as another user where the tests run as root.
    await chmod(home, 0o755);
    dataDir = join(home, 'data');
  });
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL');
  });
  afterAll(async () => {
    // Whoever ends a process by force leaves its database server running, for the next start.
    const server = await readFile(postmasterFile(), 'utf8').catch(() => '');
    const pid = Number.parseInt(server, 10);
    if (pid > 0) process.kill(pid, 'SIGINT');
    for (let waited = 0; existsSync(postmasterFile()) && waited < 5000; waited += 20) await sleep(20);
    await rm(join(dataDir, '..'), { recursive: true, force: true });
  });

  const postmasterFile = () => join(dataDir, 'postgres', 'pgdata', 'postmaster.pid');

  it('serves, says 503 to probes, closes its door, ends its job, stops its database and exits with 0', async () => {
    const app = await start(dataDir, 4, { DRAIN_SECONDS: 15, READY_DELAY_SECONDS: 1 });
    for (const prefix of ['', '/api', '/api/v1']) {
      expect(await get(app.port, `${prefix}/health/live`)).toEqual({
        status: 200,
        body: { status: 'ok', timestamp: expect.any(String) },
      });
      expect(await get(app.port, `${prefix}/health/ready`)).toMatchObject({
        status: 200,
        body: { status: 'ok', checks: { database: { status: 'up' }, migrations: { status: 'up' } } },
      });
    }
    const whole = await get(app.port, '/health');
    expect(whole.status).toBe(200);
    expect(Object.keys(Object(whole.body['checks']))).toEqual([
      'database',
      'migrations',
      'redis',
      'storage',
      'memory',
      'disk',
      'event_loop',
    ]);
    expect(await get(app.port, '/status')).toEqual({
      status: 200,
      body: { status: 'ok', version: expect.any(String) },
    });
    expect((await get(app.port, '/metrics')).status).toBe(401);

    expect(existsSync(postmasterFile())).toBe(true);
    await app.until('job begins');
    // A client that keeps its connection and says nothing must not keep the process.
    const idle = connect(app.port, '127.0.0.1');
    idle.on('error', () => undefined);
    app.process.kill('SIGTERM');
    await app.until('draining');
    expect(await get(app.port, '/health/ready')).toMatchObject({
      status: 503,
      body: { status: 'error', draining: true },
    });
    expect((await get(app.port, '/health/live')).status).toBe(200);
    expect((await get(app.port, '/health')).body).toMatchObject({ status: 'degraded', draining: true });
    await sleep(1300);
    expect(await accepts(app.port)).toBe(false);
    expect(app.process.exitCode).toBeNull();
    expect(await app.exited).toBe(0);
    expect(app.events.map(({ event }) => event)).toEqual(['listening', 'job begins', 'draining', 'job ends']);
    expect(existsSync(postmasterFile())).toBe(false);
  });

  it('hands back a job that does not end in time, and the next process does it at once', async () => {
    const first = await start(dataDir, 120, { DRAIN_SECONDS: 1 });
    await first.until('job begins');
    const asked = Date.now();
    first.process.kill('SIGINT');
    expect(await first.exited).toBe(0);
    expect(Date.now() - asked).toBeLessThan(8000);
    expect(first.events.map(({ event }) => event)).not.toContain('job ends');

    // Where coverage is counted a process writes megabytes at its end: this one's end is timed, so it counts nothing.
    const second = await start(dataDir, 0, { DRAIN_SECONDS: 30 }, { NODE_V8_COVERAGE: '' });
    await second.until('job ends');
    for (let waited = 0; second.events.filter(({ event }) => event === 'job begins').length < 2; waited += 20) {
      expect(waited).toBeLessThan(10_000);
      await sleep(20);
    }
    // Its 120 s are more than anybody wants to wait for: the second signal ends it at once.
    second.process.kill('SIGTERM');
    await second.until('draining');
    const again = Date.now();
    second.process.kill('SIGTERM');
    expect(await second.exited).toBe(143);
    expect(Date.now() - again).toBeLessThan(1000);
  });
});
