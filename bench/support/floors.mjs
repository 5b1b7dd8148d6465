import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { cpuMs, memoryOf, startProcess } from './processes.mjs';

const SECRET = 'bench-floor-secret-of-thirty-two-bytes';
const TABLE = `create table messages (
  id text primary key, session_id text not null, user_id text not null,
  role text not null, content text not null, created_at timestamptz not null
); create index messages_session on messages (session_id, created_at)`;

/**
 * Starts a floor with a database of its own on the same server as what it is compared with.
 * @param {'node-http' | 'nest-express'} name
 */
export async function startFloor(name, postgres, model) {
  const { ownerUrl } = await postgres.database();
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query(TABLE);
  await client.end();
  const { pid, match, stop } = await startProcess({
    file: join(import.meta.dirname, `../floors/${name}.mjs`),
    env: {
      DATABASE_URL: ownerUrl,
      MODEL_URL: model.url,
      JWT_SECRET: SECRET,
      ...(process.env.FLOOR_STREAM === undefined ? {} : { FLOOR_STREAM: process.env.FLOOR_STREAM }),
    },
    ready: /floor on (\S+)/,
  });
  return { url: match[1], pid, stop, token: token(), cpuMs: () => cpuMs(pid), memory: () => memoryOf(pid) };
}

function token() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 86_400;
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'usr_bench', exp })}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}
