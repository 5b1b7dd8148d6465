import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { cpuMs, launch, memoryOf, ROOT, startProcess, waitedMs } from './processes.mjs';

const MAIN = join(ROOT, 'dist/apps/api/src/main.js');
const PASSWORD = 'correct-horse-battery-staple';
const METRICS_TOKEN = 'bench-metrics-token-of-32-characters';

function settings({ database, model, modelName, env = {}, dataDir, port = 0 }) {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm run build first`);
  return {
    PARLEY_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: String(port),
    PARLEY_DATA_DIR: dataDir,
    PARLEY__LIMITS__ENABLED: 'false',
    PARLEY__LOG__LEVEL: 'warn',
    PARLEY__METRICS__TOKEN: METRICS_TOKEN,
    ...(model === undefined ? {} : { OPENAI_BASE_URL: model.url, PARLEY_MODEL: `openai:${modelName}` }),
    ...(database === undefined ? {} : { DATABASE_URL: database.appUrl, DATABASE_MIGRATION_URL: database.ownerUrl }),
    ...env,
  };
}

/** A directory for what a node keeps, removed with `remove`. */
export function dataDirectory() {
  const path = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Starts the built program without waiting for anything: for who measures the start itself. */
export function launchParley(options) {
  return launch({ file: MAIN, env: settings(options) });
}

/**
 * Starts the built program, on a PostgreSQL server where `database` is given and else on the embedded one.
 * Rate and concurrency limits are off and the log is quiet, as in every benchmark here.
 */
export async function startParley({ database, model, modelName = 'zero', env }) {
  const data = dataDirectory();
  const { pid, match, stop } = await startProcess({
    file: MAIN,
    env: settings({ database, model, modelName, env, dataDir: data.path }),
    ready: /listens +(\S+)/,
  });
  return new Parley(match[1], pid, async () => {
    await stop();
    data.remove();
  });
}

/** A running node, and calls of one user of it. */
class Parley {
  #token = '';

  constructor(url, pid, stop) {
    this.url = url;
    this.pid = pid;
    this.stop = stop;
    this.pool = new Pool(url, { connections: 16 });
  }

  get token() {
    return this.#token;
  }

  get headers() {
    return { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' };
  }

  cpuMs() {
    return cpuMs(this.pid);
  }

  waitedMs() {
    return waitedMs(this.pid);
  }

  memory() {
    return memoryOf(this.pid);
  }

  /** Registers a user and signs in; everything after is called as this user. */
  async signIn(name) {
    const account = { email: `${name}@example.com`, password: PASSWORD };
    await this.call('POST', '/auth/register', account);
    this.#token = (await this.call('POST', '/auth/login', account)).access_token;
    return this;
  }

  async call(method, path, body, headers = {}) {
    const { statusCode, body: answer } = await this.pool.request({
      method,
      path: `/api/v1${path}`,
      headers: { ...(this.#token === '' ? { 'content-type': 'application/json' } : this.headers), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (statusCode >= 300) throw new Error(`${method} ${path} answered ${statusCode} ${text.slice(0, 500)}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Ids of fresh sessions. They have titles, so that no model is asked for one while something is measured. */
  async sessions(count) {
    const ids = [];
    while (ids.length < count) {
      const some = Array.from({ length: Math.min(16, count - ids.length) }, () =>
        this.call('POST', '/chat/sessions', { title: 'Benchmark' }),
      );
      ids.push(...(await Promise.all(some)).map((session) => session.session_id));
    }
    return ids;
  }

  turn(sessionId, content = 'What is an append-only log?') {
    return this.call('POST', `/chat/sessions/${sessionId}/messages`, { content });
  }

  /** Event-loop lag since the last call, in milliseconds: the 99th percentile, and the longest. */
  async eventLoopLagMs() {
    const { body } = await this.pool.request({
      method: 'GET',
      path: '/metrics',
      headers: { authorization: `Bearer ${METRICS_TOKEN}` },
    });
    const text = await body.text();
    return { p99: gaugeMs(text, 'eventloop_lag_p99_seconds'), max: gaugeMs(text, 'eventloop_lag_max_seconds') };
  }
}

function gaugeMs(metrics, name) {
  const seconds = new RegExp(`^\\w*${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(metrics)?.[1];
  if (seconds === undefined) throw new Error(`the metrics hold no ${name}`);
  return Number(seconds) * 1000;
}
