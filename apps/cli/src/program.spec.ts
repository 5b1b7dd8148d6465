import { runCli, runJson } from './cli.factory.js';
import { EXIT } from './outcome.js';

const COMMANDS = [
  ['migrate'],
  ['user', 'create-admin'],
  ['config', 'check'],
  ['jobs', 'list'],
  ['jobs', 'dead'],
  ['jobs', 'retry'],
  ['key', 'list'],
  ['key', 'rotate-signing'],
  ['key', 'revoke-signing'],
  ['doctor'],
];

describe('the command line', () => {
  it('lists its commands and exit codes', async () => {
    const { exitCode, out } = await runCli(['--help']);
    expect(exitCode).toBe(EXIT.ok);
    for (const [command] of COMMANDS) expect(out).toContain(`  ${command} `);
    expect(out).toContain('Exit codes: 0 done');
  });

  it('tells its version', async () => {
    const { exitCode, out } = await runCli(['--version']);
    expect(exitCode).toBe(EXIT.ok);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each(COMMANDS)('explains %s %s', async (...command) => {
    const { exitCode, out } = await runCli([...command.filter((part) => typeof part === 'string'), '--help']);
    expect(exitCode).toBe(EXIT.ok);
    expect(out).toContain(`Usage: parley ${command.join(' ').trim()}`);
    expect(out).toContain('--json');
    expect(out).toContain('Exit codes: 0 done');
  });

  it('never asks for a password as an argument', async () => {
    const { out } = await runCli(['user', 'create-admin', '--help']);
    expect(out).toContain('--password-stdin');
    expect(out).not.toMatch(/--password <|--password </);
  });

  it.each<[string, string[], Record<string, string>?]>([
    ['an unknown command', ['migrat']],
    ['no command at all', []],
    ['an unknown option', ['doctor', '--hard']],
    ['a missing option', ['user', 'create-admin']],
    ['options that exclude each other', ['migrate', '--status', '--down-to', 'none']],
    ['ids and --all together', ['jobs', 'retry', '--all', '00000000-0000-0000-0000-000000000000']],
    ['nothing to retry', ['jobs', 'retry']],
    ['no key to revoke', ['key', 'revoke-signing']],
    ['two keys to revoke', ['key', 'revoke-signing', 'sgk_1', 'sgk_2']],
    ['a limit that is none', ['jobs', 'dead', '--limit', 'many']],
    ['an administrator without a password', ['user', 'create-admin', '--email', 'a@example.org']],
    ['an empty password', ['user', 'create-admin', '--email', 'a@example.org', '--password-stdin']],
    ['a refused configuration', ['migrate'], { PARLEY__DATABASE__POOL_SIZE: 'many' }],
  ])('answers %s with exit code 2 and says why on standard error', async (_, args, env = {}) => {
    const { exitCode, out, err } = await runCli(args, env);
    expect(exitCode).toBe(EXIT.usage);
    expect(out).toBe('');
    expect(err).not.toBe('');
  });

  it('answers with one JSON document where one was asked for, failures too', async () => {
    const refused = await runJson(['jobs', 'retry']);
    expect(refused).toMatchObject({
      exitCode: EXIT.usage,
      json: { error: { code: 'USAGE', message: 'Give either ids or --all.' } },
    });
    expect(await runJson(['doctor', '--hard'])).toMatchObject({
      exitCode: EXIT.usage,
      json: { error: { code: 'USAGE', message: "unknown option '--hard'" } },
    });
    expect(await runJson(['user', 'create-admin'])).toMatchObject({
      exitCode: EXIT.usage,
      json: { error: { code: 'USAGE', message: "required option '--email <address>' not specified" } },
    });
    expect(await runJson(['migrat'])).toMatchObject({ exitCode: EXIT.usage, json: { error: { code: 'USAGE' } } });
  });
});

describe('parley config check', () => {
  it('shows what counts, without secrets', async () => {
    const env = { DATABASE_URL: 'postgresql://app:pa55word@db.example.org/parley', PORT: '4001' };
    const { exitCode, json } = await runJson(['config', 'check'], env);
    expect(exitCode).toBe(EXIT.ok);
    expect(json).toMatchObject({ valid: true, config: { http: { port: 4001 } } });
    expect(JSON.stringify(json)).not.toContain('pa55word');
    expect((await runCli(['config', 'check'], env)).out).not.toContain('pa55word');
  });

  it('finds what a start would refuse, naming the variable and not its value', async () => {
    const env = { PORT: 'pa55word', PARLEY__HTTP__PROT: '1' };
    const { exitCode, json } = await runJson(['config', 'check'], env);
    expect(exitCode).toBe(EXIT.failed);
    expect(json.findings.map(({ source }) => source).sort()).toEqual(['PARLEY__HTTP__PROT', 'PORT']);
    expect(JSON.stringify(json)).not.toContain('pa55word');
  });
});
