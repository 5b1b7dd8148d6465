import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import {
  freshDataDir,
  openTestDeployment,
  removeDataDirs,
  runCli,
  runJson,
  type TestDeployment,
} from './cli.factory.js';
import { EXIT } from './outcome.js';

const PASSWORD = 'a long way home 47';

describe('parley on a PostgreSQL server', () => {
  let test: TestDeployment;

  beforeEach(async () => {
    test = await openTestDeployment({ migrated: false });
  });
  afterEach(() => test.close());

  it('migrates up, tells how it stands, goes back and up again', async () => {
    const before = await runJson(['migrate', '--status'], test.env);
    expect(before).toMatchObject({ exitCode: EXIT.failed, json: { current: false } });
    const names = before.json.migrations.map(({ name }) => name);
    expect(await runJson(['migrate'], test.env)).toMatchObject({ exitCode: EXIT.ok, json: { applied: names } });
    expect(await runJson(['migrate'], test.env)).toMatchObject({ exitCode: EXIT.ok, json: { applied: [] } });
    expect(await runJson(['migrate', '--status'], test.env)).toMatchObject({
      exitCode: EXIT.ok,
      json: { current: true },
    });
    const down = await runJson(['migrate', '--down-to', names[0] ?? ''], test.env);
    expect(down).toMatchObject({ exitCode: EXIT.ok, json: { reverted: names.slice(1).reverse() } });
    const between = await runJson(['migrate', '--status'], test.env);
    expect(between).toMatchObject({ exitCode: EXIT.failed, json: { current: false } });
    expect(between.json.migrations.map(({ condition }) => condition)).toEqual(
      names.map((_, index) => (index === 0 ? 'applied' : 'pending')),
    );
    const refused = await runCli(['jobs', 'list'], { ...test.env, PARLEY__DATABASE__MIGRATE_ON_START: 'false' });
    expect(refused).toMatchObject({ exitCode: EXIT.failed, err: expect.stringContaining('Run: parley migrate') });
    expect(await runJson(['migrate', '--down-to', 'no-such'], test.env)).toMatchObject({
      exitCode: EXIT.failed,
      json: { error: { message: 'There is no applied migration no-such to go back to.' } },
    });
    expect((await runCli(['migrate'], test.env)).out).toBe(`Applied ${names.slice(1).join(', ')}.\n`);
    expect(await runJson(['migrate', '--down-to', 'none'], test.env)).toMatchObject({
      exitCode: EXIT.ok,
      json: { reverted: [...names].reverse() },
    });
  });

  it('touches nothing of a database that a newer program has migrated', async () => {
    await runCli(['migrate'], test.env);
    const owner = new pg.Client({ connectionString: test.ownerUrl });
    await owner.connect();
    await owner.query("insert into migrations (name, timestamp) values ('9999-newer', '2030-01-01')");
    await owner.end();
    const status = await runJson(['migrate', '--status'], test.env);
    expect(status).toMatchObject({ exitCode: EXIT.failed, json: { current: false } });
    expect(JSON.stringify(status.json)).toContain('9999-newer');
    for (const command of [['migrate'], ['migrate', '--down-to', 'none']]) {
      const { exitCode, err } = await runCli(command, test.env);
      expect({ exitCode, err }).toEqual({ exitCode: EXIT.failed, err: expect.stringContaining('9999-newer') });
    }
  });

  it('makes an administrator with a password from standard input or from the environment', async () => {
    const first = await runJson(
      ['user', 'create-admin', '--email', 'ada@example.org', '--password-stdin'],
      test.env,
      `${PASSWORD}\n`,
    );
    expect(first).toMatchObject({ exitCode: EXIT.ok, json: { email: 'ada@example.org', roles: ['admin'] } });
    const second = await runJson(['user', 'create-admin', '--email', 'bob@example.org', '--username', 'bob'], {
      ...test.env,
      PARLEY_ADMIN_PASSWORD: PASSWORD,
    });
    expect(second).toMatchObject({ exitCode: EXIT.ok, json: { username: 'bob' } });
    const { rows } = await test.pool.query("select count(*) as n from role_grants where role = 'admin'");
    expect(rows).toEqual([{ n: 2 }]);
    const again = await runJson(
      ['user', 'create-admin', '--email', 'ada@example.org', '--password-stdin'],
      test.env,
      PASSWORD,
    );
    expect(again).toMatchObject({ exitCode: EXIT.failed, json: { error: { code: 'EMAIL_TAKEN' } } });
  });

  it('refuses a weak password, says why, and shows it nowhere', async () => {
    const { exitCode, out, err } = await runCli(
      ['user', 'create-admin', '--email', 'ada@example.org', '--password-stdin'],
      test.env,
      'hunter2\n',
    );
    expect(exitCode).toBe(EXIT.failed);
    expect(err).toMatch(/password/i);
    expect(out + err).not.toContain('hunter2');
  });

  it('examines what it finds, and says so when nothing is there', async () => {
    expect((await runCli(['doctor'], test.env)).out).toMatch(/FAILED +migrations/);
    const empty = await runJson(['doctor'], test.env);
    expect(empty.exitCode).toBe(EXIT.failed);
    expect(statusOf(empty.json)).toMatchObject({ database: 'ok', migrations: 'failed', keys: 'skipped' });
    await runCli(['user', 'create-admin', '--email', 'ada@example.org', '--password-stdin'], test.env, PASSWORD);
    const ready = await runJson(['doctor'], test.env);
    expect(ready.exitCode).toBe(EXIT.ok);
    expect(statusOf(ready.json)).toMatchObject({
      configuration: 'ok',
      'database role': 'ok',
      migrations: 'ok',
      keys: 'ok',
      administrator: 'ok',
      jobs: 'ok',
      redis: 'skipped',
    });
  });

  it('exits with 3 when a server cannot be reached, and shows no password', async () => {
    const url = 'postgresql://app:pa55word@127.0.0.1:1/parley';
    const away = { ...test.env, DATABASE_URL: url, DATABASE_MIGRATION_URL: url };
    for (const command of [['jobs', 'list'], ['migrate', '--status'], ['migrate'], ['doctor']]) {
      const { exitCode, out, err } = await runCli(command, away);
      expect([command, exitCode]).toEqual([command, EXIT.unreachable]);
      expect(out + err).not.toContain('pa55word');
    }
    await runCli(['migrate'], test.env);
    const redis = await runJson(['doctor'], { ...test.env, REDIS_URL: 'redis://127.0.0.1:1' });
    expect(redis.exitCode).toBe(EXIT.unreachable);
    expect(statusOf(redis.json)).toMatchObject({ redis: 'failed', database: 'ok' });
  });
});

describe('parley on the embedded PostgreSQL', () => {
  afterEach(removeDataDirs);

  it('needs nothing running, and leaves nothing running', async () => {
    const dataDir = freshDataDir();
    const env = { PARLEY_DATA_DIR: dataDir };
    const made = await runJson(
      ['user', 'create-admin', '--email', 'ada@example.org', '--password-stdin'],
      env,
      PASSWORD,
    );
    expect(made.exitCode).toBe(EXIT.ok);
    expect((await runJson(['jobs', 'list'], env)).exitCode).toBe(EXIT.ok);
    await expect(stat(join(dataDir, 'postgres', 'pgdata', 'postmaster.pid'))).rejects.toThrow('ENOENT');
  });

  it('closes what it opened when the command fails', async () => {
    const dataDir = freshDataDir();
    const env = { PARLEY_DATA_DIR: dataDir };
    const create = () =>
      runCli(['user', 'create-admin', '--email', 'ada@example.org', '--password-stdin'], env, PASSWORD);
    expect((await create()).exitCode).toBe(EXIT.ok);
    expect((await create()).exitCode).toBe(EXIT.failed);
    await expect(stat(join(dataDir, 'postgres', 'pgdata', 'postmaster.pid'))).rejects.toThrow('ENOENT');
  });

  it('examines an installation whose key is lost', async () => {
    const dataDir = freshDataDir();
    const env = { PARLEY_DATA_DIR: dataDir };
    expect((await runCli(['migrate'], env)).exitCode).toBe(EXIT.ok);
    await writeFile(join(dataDir, 'key-encryption-key'), 'not a key');
    const { exitCode, json } = await runJson(['doctor'], env);
    expect(exitCode).toBe(EXIT.failed);
    expect(statusOf(json)).toMatchObject({ database: 'ok', keys: 'failed', administrator: 'skipped', jobs: 'ok' });
    await expect(stat(join(dataDir, 'postgres', 'pgdata', 'postmaster.pid'))).rejects.toThrow('ENOENT');
  });
});

function statusOf({ checks }: { checks: { name: string; status: string }[] }): Record<string, string> {
  return Object.fromEntries(checks.map(({ name, status }) => [name, status]));
}
