import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const ROOT = join(import.meta.dirname, '../..');
const START_MS = 60_000;
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const started = new Set();

/** Every process that is still running when the benchmark ends goes with it. */
process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/**
 * Starts a Node program and waits until it prints what `ready` matches.
 * @returns {Promise<{ pid: number, match: RegExpExecArray, stop: () => Promise<void> }>}
 */
export async function startProcess({ file, args = [], env = {}, ready }) {
  const child = launch({ file, args, env });
  const until = Date.now() + START_MS;
  for (;;) {
    const match = ready.exec(child.output());
    if (match !== null) return { pid: child.pid, match, stop: () => child.stop() };
    if (child.ended() || Date.now() > until) {
      await child.stop();
      throw new Error(`${file} did not start:\n${child.output().slice(-4000)}`);
    }
    await pause(10);
  }
}

/** Starts a Node program with a clean environment and waits for nothing. */
export function launch({ file, args = [], env = {} }) {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes) => {
      output = (output + bytes).slice(-100_000);
    });
  }
  const exited = new Promise((resolve) => child.once('exit', resolve)).then(() => started.delete(child));
  return {
    pid: child.pid,
    output: () => output,
    ended: () => child.exitCode !== null || child.signalCode !== null,
    stop: async () => {
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await exited;
      clearTimeout(patience);
    },
  };
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Milliseconds of CPU that a process has used so far, in user and kernel. */
export function cpuMs(pid) {
  const [utime, stime] = statOf(pid).slice(11, 13).map(Number);
  return ((utime + stime) * 1000) / TICKS_PER_SECOND;
}

/** The same for a process and its children, those that have ended included. */
export function familyCpuMs(pid) {
  const [utime, stime, cutime, cstime] = statOf(pid).slice(11, 15).map(Number);
  const own = ((utime + stime + cutime + cstime) * 1000) / TICKS_PER_SECOND;
  return childrenOf(pid).reduce((sum, child) => sum + cpuIfThere(child), own);
}

/** The same for this process. */
export function ownCpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Begins to look at who uses the CPU; what it returns ends that, with percentages of one core by name.
 * @param {Record<string, () => number>} sums milliseconds of CPU so far
 */
export function cpuShares(sums) {
  const read = () => Object.entries(sums).map(([name, sum]) => [name, sum()]);
  const before = Object.fromEntries(read());
  const from = performance.now();
  return () => {
    const elapsed = performance.now() - from;
    return Object.fromEntries(read().map(([name, ms]) => [name, Math.round(((ms - before[name]) / elapsed) * 100)]));
  };
}

/**
 * Milliseconds for which the main thread of a process could have run and had no CPU: what others on the machine
 * took from its event loop, and what no event loop can do anything about.
 */
export function waitedMs(pid) {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
}

/** Resident memory in MiB: now, and the most there ever was. */
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}

/** The fields of /proc/<pid>/stat after the name, which may hold anything. */
function statOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function childrenOf(pid) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((each) => parentOf(each) === pid).map(Number);
}

function parentOf(pid) {
  try {
    return Number(statOf(pid)[1]);
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
    throw error;
  }
}

function cpuIfThere(pid) {
  try {
    return cpuMs(pid);
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return 0;
    throw error;
  }
}
