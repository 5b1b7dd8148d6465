import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { clientConfig, createPool } from '../pool.js';
import { EmbeddedCluster } from './embedded-cluster.js';
import { stopServer } from './postmaster.js';
import { processIsAlive, readPostmaster } from './postmaster-file.js';
import { serverIdentity } from './server-identity.js';

const CHILD = join(__dirname, '../../../../../test/support/postgres-child.cjs');
const isRoot = process.getuid?.() === 0;
let base: string;
let dataDir: string;

const opened: EmbeddedCluster[] = [];

async function openCluster(...args: Parameters<typeof EmbeddedCluster.open>): Promise<EmbeddedCluster> {
  const cluster = await EmbeddedCluster.open(...args);
  opened.push(cluster);
  return cluster;
}

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'parley-embedded-'));
  await chmod(base, 0o755);
  dataDir = join(base, 'data');
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((cluster) => cluster.close()));
  await stopServer(join(dataDir, 'postgres'));
  await rm(base, { recursive: true, force: true });
});

interface Answer {
  readonly event: 'open' | 'refused';
  readonly message?: string;
}

async function start(presence: 'serve' | 'join', as?: { uid: number; gid: number }): Promise<[ChildProcess, Answer]> {
  const child = spawn(process.execPath, [CHILD, dataDir, presence], { ...as, stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no output');
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{"event"')) return [child, JSON.parse(line)];
  }
  throw new Error('it said nothing');
}

async function leave(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.stdin?.end();
  await gone;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

function postmaster(): Promise<number | undefined> {
  return readPostmaster(join(dataDir, 'postgres', 'pgdata'));
}

function processesOf(pid: number): number[] {
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  return [pid, ...children.trim().split(/\s+/).map(Number)];
}

/** Those that missed their server and went by themselves are as dead. */
function killAll(pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (processIsAlive(pid)) throw error;
    }
  }
}

async function query(cluster: EmbeddedCluster, text: string, role: 'parley_owner' | 'parley_app' = 'parley_owner') {
  const client = new pg.Client(clientConfig(cluster.target(role), { applicationName: 'test', connectTimeoutMs: 5000 }));
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe('the embedded PostgreSQL', () => {
  it('keeps what was committed when everything is killed, and starts again', async () => {
    const first = await openCluster(dataDir, 'serve');
    await query(first, 'create table kept (n int)');
    await query(first, 'insert into kept values (7)');
    await first.close();
    const [child] = await start('serve');
    const pid = await postmaster();
    if (pid === undefined) throw new Error('no server');
    const running = processesOf(pid);
    child.kill('SIGKILL');
    killAll(running);
    await once(child, 'exit');
    const again = await openCluster(dataDir, 'serve');
    expect(await query(again, 'select n from kept')).toEqual([{ n: 7 }]);
    expect(await postmaster()).not.toBe(pid);
    await again.close();
    expect(await postmaster()).toBeUndefined();
  });

  it('is reused when only the program was killed', async () => {
    const [child] = await start('serve');
    const pid = await postmaster();
    await kill(child);
    const again = await openCluster(dataDir, 'serve');
    expect(pid).toBeDefined();
    expect(await postmaster()).toBe(pid);
    await again.close();
  });

  it('serves one process at a time, lets others join, and stops with the last of them', async () => {
    const serving = await openCluster(dataDir, 'serve');
    const [refused, answer] = await start('serve');
    expect(answer.event).toBe('refused');
    expect(answer.message).toContain(`Another process (${process.pid}) already serves`);
    if (refused.exitCode === null) await once(refused, 'exit');
    const [joined, welcome] = await start('join');
    expect(welcome.event).toBe('open');
    await serving.close();
    expect(await postmaster()).toBeDefined();
    await leave(joined);
    expect(await postmaster()).toBeUndefined();
  });

  it('is made once by processes that start together', async () => {
    const [worker, command] = await Promise.all([start('join'), start('join')]);
    expect([worker[1].event, command[1].event]).toEqual(['open', 'open']);
    const pid = await postmaster();
    await leave(worker[0]);
    expect(pid).toBeDefined();
    expect(await postmaster()).toBe(pid);
    await leave(command[0]);
    expect(await postmaster()).toBeUndefined();
    expect((await readdir(join(dataDir, 'postgres'))).sort()).toEqual([
      'pgdata',
      'secrets.json',
      'server.log',
      'socket',
    ]);
  });

  it('comes back by itself when the server dies, and the pool with it', async () => {
    const cluster = await openCluster(dataDir, 'serve');
    const pool = createPool(cluster.target('parley_app'), {
      max: 2,
      applicationName: 'test',
      connectTimeoutMs: 5000,
      statementTimeoutMs: 5000,
      onError: () => undefined,
    });
    await pool.query('select 1');
    const pid = await postmaster();
    if (pid === undefined) throw new Error('no server');
    killAll(processesOf(pid));
    const back = await (async () => {
      for (let tries = 0; ; tries += 1) {
        try {
          return await pool.query('select 1 as one');
        } catch (error) {
          if (tries === 200) throw error;
          await sleep(50);
        }
      }
    })();
    expect(back.rows).toEqual([{ one: 1 }]);
    await pool.end();
    await cluster.close();
  });

  it('listens on no network, waits for the disk, and gives the application a role that owns nothing', async () => {
    const cluster = await openCluster(dataDir, 'serve');
    const [settings] = await query(
      cluster,
      `select current_setting('listen_addresses') as listens, current_setting('fsync') as fsync,
         current_setting('synchronous_commit') as commits, lower('ÄÉ') as lower, 'a' > 'B' as bytewise`,
      'parley_app',
    );
    expect(settings).toEqual({ listens: '', fsync: 'on', commits: 'on', lower: 'äé', bytewise: true });
    await expect(query(cluster, 'create table mine (n int)', 'parley_app')).rejects.toThrow('permission denied');
    const [role] = await query(
      cluster,
      `select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole from pg_roles where rolname = 'parley_app'`,
    );
    expect(role).toEqual({ rolsuper: false, rolbypassrls: false, rolcreatedb: false, rolcreaterole: false });
    const secrets = await stat(join(dataDir, 'postgres', 'secrets.json'));
    expect(secrets.mode & 0o777).toBe(0o600);
    await cluster.close();
  });

  it('is not shared with a copy of its data directory, even one taken while it runs', async () => {
    const original = await openCluster(dataDir, 'serve');
    await query(original, 'create table first (n int)');
    const copied = join(base, 'copy');
    execFileSync('cp', ['-a', dataDir, copied]);
    const copy = await openCluster(copied, 'serve');
    await query(copy, 'create table second (n int)');
    const tables = "select tablename as name from pg_tables where schemaname = 'public'";
    expect(await query(original, tables)).toEqual([{ name: 'first' }]);
    await copy.close();
    expect(await query(original, 'select 1 as alive')).toEqual([{ alive: 1 }]);
    await original.close();
  });

  it('moves its socket where the path of the data directory is too long for one', async () => {
    const long = join(base, 'a'.repeat(90), 'data');
    const cluster = await openCluster(long, 'join');
    expect(await query(cluster, 'select 1 as one')).toEqual([{ one: 1 }]);
    const target = cluster.target('parley_app');
    const directory = 'host' in target ? target.host : '';
    expect(directory).toMatch(/^\/tmp\/parley-[0-9a-f]{16}$/);
    await cluster.close();
    await rm(directory, { recursive: true });
  });

  it('refuses a cluster of another major version, and leaves it as it is', async () => {
    const pgdata = join(dataDir, 'postgres', 'pgdata');
    await mkdir(pgdata, { recursive: true });
    const { uid, gid } = serverIdentity() ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    await chown(pgdata, uid, gid);
    await chmod(dataDir, 0o755);
    await writeFile(join(pgdata, 'PG_VERSION'), '14\n');
    await expect(openCluster(dataDir, 'serve')).rejects.toThrow('made by PostgreSQL 14');
    expect(await readFile(join(pgdata, 'PG_VERSION'), 'utf8')).toBe('14\n');
  });

  it('says why it cannot start, in the words of the server', async () => {
    await (await openCluster(dataDir, 'serve')).close();
    await writeFile(join(dataDir, 'postgres', 'pgdata', 'postgresql.conf'), 'no_such_setting = 1\n');
    await expect(openCluster(dataDir, 'serve')).rejects.toThrow('no_such_setting');
  });
});

(isRoot ? describe : describe.skip)('the embedded PostgreSQL of root', () => {
  it('runs for an ordinary user just as well', async () => {
    const ordinary = { uid: 65_534, gid: 65_534 };
    await mkdir(dataDir);
    await chown(dataDir, ordinary.uid, ordinary.gid);
    const [child, answer] = await start('serve', ordinary);
    expect(answer).toEqual({ event: 'open', home: join(dataDir, 'postgres') });
    await leave(child);
    expect(await postmaster()).toBeUndefined();
  });

  it('lies elsewhere where its user cannot reach the data directory, says so, and is found after a move', async () => {
    const privateHome = join(base, 'private');
    await mkdir(privateHome, { mode: 0o700 });
    const elsewhere = join(base, 'elsewhere');
    const open = (name: string) => openCluster(join(privateHome, name, 'data'), 'serve', { elsewhere });
    const first = await open('checkout');
    expect(first.home.startsWith(elsewhere)).toBe(true);
    expect(first.notices.join()).toContain(first.home);
    await query(first, 'create table kept (n int)');
    await first.close();

    await cp(join(privateHome, 'checkout'), join(privateHome, 'copy'), { recursive: true });
    const copy = await open('copy');
    expect(copy.home).not.toBe(first.home);
    await copy.close();

    execFileSync('mv', [join(privateHome, 'checkout'), join(privateHome, 'moved')]);
    const moved = await open('moved');
    expect(moved.home).toBe(first.home);
    expect(await query(moved, 'select count(*) as n from kept')).toEqual([{ n: 0 }]);
    await moved.close();
  });
});
