import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { describeWhen } from './installed-server.js';
import { runDirectory } from './test-cluster.js';

/** This machine's own Redis, in memory only, on a spare port of 127.0.0.1. */
export interface TestRedis {
  readonly port: number;
  readonly url: string;
  /** Ends it at once; what it held is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port. */
  restart(): Promise<void>;
  /** The same as `kill`. */
  close(): Promise<void>;
  /** Lets it hang: connections stay open and nothing is answered. */
  freeze(): void;
  /** Ends `freeze`. */
  thaw(): void;
}

const MISSING = 'there is no redis-server on PATH';

/** Path of this machine's redis-server, or null. */
function redisServerBinary(): string | null {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.map((folder) => join(folder, 'redis-server')).find((file) => existsSync(file)) ?? null;
}

export async function openTestRedis(): Promise<TestRedis> {
  const binary = redisServerBinary();
  if (binary === null) throw new Error(MISSING);
  const port = await freePort();
  const home = await mkdtemp(join(await runDirectory(), 'redis-'));
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (child !== undefined) await end(child);
    child = undefined;
  };
  const server: TestRedis = {
    port,
    url: `redis://127.0.0.1:${port}`,
    restart: async () => {
      child = run(binary, port, home);
      await accepts(port, child);
    },
    kill,
    close: kill,
    freeze: () => signal(child, 'SIGSTOP'),
    thaw: () => signal(child, 'SIGCONT'),
  };
  await server.restart();
  return server;
}

/** A suite on this machine's Redis; skipped, and saying so, where there is none. */
export function describeOnRedis(name: string, suite: () => void): void {
  describeWhen(redisServerBinary(), MISSING, name, suite);
}

function run(binary: string, port: number, home: string): ChildProcess {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  // The pid file is for the global teardown, in case the suite forgets to stop it.
  return spawn(binary, [...args, '--dir', home, '--pidfile', join(home, 'redis.pid')], { stdio: 'ignore' });
}

function signal(child: ChildProcess | undefined, name: 'SIGSTOP' | 'SIGCONT'): void {
  child?.kill(name);
}

async function accepts(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    if (await reaches(port)) return;
    await sleep(10);
  }
  throw new Error('redis-server did not come up within 5 s');
}

function reaches(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGCONT');
  child.kill('SIGKILL');
  await gone;
}
