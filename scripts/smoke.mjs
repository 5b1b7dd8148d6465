import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './prepare.mjs';

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

try {
  const url = await new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (bytes) => {
      output += bytes;
      const found = /listens +(\S+)/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(`npm start ended:\n${output}`)));
  });
  const { status } = await call(url, '/health');
  const account = { email: 'smoke@example.com', password: 'correct-horse-battery' };
  await call(url, '/api/v1/auth/register', account);
  const { access_token: token } = await call(url, '/api/v1/auth/login', account);
  const session = await call(url, '/api/v1/chat/sessions', {}, token);
  const turn = await call(url, `/api/v1/chat/sessions/${session.session_id}/messages`, { content: 'Hello!' }, token);
  console.log(`smoke: health ${status}, answered “${turn.response.content.slice(0, 40)}…”`);
} finally {
  try {
    process.kill(-child.pid, 'SIGTERM');
  } catch {
    console.error('smoke: the program had ended by itself');
  }
  await exited;
  rmSync(data, { recursive: true, force: true });
}
