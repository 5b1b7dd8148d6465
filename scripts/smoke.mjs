import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { addressOf, root } from './prepare.mjs';

/** How long a program that was told to leave may take, in milliseconds. */
const GONE_WITHIN = 15_000;

/** Starts the program as the README says, asks whether it is well, has one conversation, stops it. */
const data = mkdtempSync(join(tmpdir(), 'parley-smoke-'));
const child = spawn('npm', ['start'], {
  cwd: root,
  env: { ...process.env, PORT: '0', PARLEY_DATA_DIR: data },
  stdio: ['ignore', 'pipe', 'inherit'],
  detached: true,
});
const exited = new Promise((resolve) => child.once('exit', resolve));

async function call(url, path, body, token) {
  const response = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** As a supervisor does: the signal goes to npm alone, and neither program nor database may outlive it. */
async function stop() {
  child.kill('SIGTERM');
  await exited;
  const database = join(data, 'postgres/pgdata/postmaster.pid');
  for (const until = Date.now() + GONE_WITHIN; existsSync(database); await delay(200)) {
    if (Date.now() > until) throw new Error('npm start was stopped, and the program went on');
  }
  console.log('smoke: stopped with npm');
}

try {
  const url = await addressOf(child);
  const { status } = await call(url, '/health');
  const account = { email: 'smoke@example.com', password: 'correct-horse-battery' };
  await call(url, '/api/v1/auth/register', account);
  const { access_token: token } = await call(url, '/api/v1/auth/login', account);
  const session = await call(url, '/api/v1/chat/sessions', {}, token);
  const turn = await call(url, `/api/v1/chat/sessions/${session.session_id}/messages`, { content: 'Hello!' }, token);
  console.log(`smoke: health ${status}, answered “${turn.response.content.slice(0, 40)}…”`);
  await stop();
} finally {
  try {
    process.kill(-child.pid, 'SIGTERM');
  } catch {
    // It has ended already, as it should.
  }
  await exited;
  rmSync(data, { recursive: true, force: true });
}
