import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { familyCpuMs, freePort } from './processes.mjs';

/** PostgreSQL refuses to run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 };
const PACKAGED = '/usr/lib/postgresql';
const ROLES = ['parley_owner', 'parley_app'];

/**
 * This machine's PostgreSQL server on a spare port, as it comes: every commit is on the disk before it is
 * answered. The cluster is removed with `stop`.
 */
export async function startPostgres() {
  const bin = programs();
  const identity = process.getuid?.() === 0 ? NOBODY : {};
  const home = mkdtempSync(join(tmpdir(), 'parley-bench-pg-'));
  if (identity.uid !== undefined) {
    chownSync(home, identity.uid, identity.gid);
    chmodSync(home, 0o700);
  }
  const data = join(home, 'data');
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...identity, cwd: home, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${home}`,
    'max_connections=100',
    'shared_buffers=128MB',
  ];
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const child = spawn(join(bin, 'postgres'), args, { ...identity, cwd: home, stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const kill = () => child.kill('SIGQUIT');
  process.once('exit', kill);
  const url = (role, database) => `postgresql://${role}@127.0.0.1:${port}/${database}`;
  await accepts(url('postgres', 'postgres'));
  await query(url('postgres', 'postgres'), ROLES.map((role) => `create role ${role} login`).join(';'));
  return {
    url,
    /** A fresh database that the owner's role owns. */
    database: async () => {
      const name = `bench_${randomBytes(4).toString('hex')}`;
      await query(url('postgres', 'postgres'), `create database ${name} owner parley_owner`);
      return { name, appUrl: url('parley_app', name), ownerUrl: url('parley_owner', name) };
    },
    /** Connections of clients to one database right now. */
    connections: async (name) => {
      const sql =
        "select count(*)::int as n from pg_stat_activity where datname = $1 and backend_type = 'client backend'";
      return (await query(url('postgres', 'postgres'), sql, [name])).rows[0].n;
    },
    /** Milliseconds of CPU of the server with all its processes. */
    cpuMs: () => familyCpuMs(child.pid),
    stop: async () => {
      process.removeListener('exit', kill);
      child.kill('SIGINT');
      await exited;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function programs() {
  const packaged = existsSync(PACKAGED)
    ? readdirSync(PACKAGED)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => join(PACKAGED, version, 'bin'))
    : [];
  const onPath = (process.env.PATH ?? '').split(':');
  const found = [...packaged, ...onPath].find((folder) => existsSync(join(folder, 'initdb')));
  if (found === undefined) throw new Error('this machine has no PostgreSQL server programs');
  return found;
}

async function accepts(url) {
  for (let tries = 0; ; tries += 1) {
    try {
      await query(url, 'select 1');
      return;
    } catch (error) {
      if (tries >= 200) throw error;
      await pause(25);
    }
  }
}

async function query(connectionString, sql, values) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await client.query(sql, values);
  } finally {
    await client.end();
  }
}
