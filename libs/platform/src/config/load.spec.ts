import { ROOT } from '../../../../test/support/root.js';
import { ConfigError } from './config.errors.js';
import { configFolder, PRODUCTION, refusalLines, removeConfigFolders } from './config.factory.js';
import { loadConfig, sourceOf } from './load.js';
import { configSchema } from './schema.js';

afterAll(removeConfigFolders);

describe('loadConfig', () => {
  it('needs no variable', () => {
    const config = loadConfig({ env: {}, cwd: ROOT });
    expect(config.env).toBe('development');
    expect(config.http).toMatchObject({ host: '127.0.0.1', port: 3000 });
    expect(config.database.url).toBeNull();
  });

  it('reads the real environment when none is given', () => {
    expect(loadConfig({ cwd: ROOT }).data_dir).toMatch(/^\//);
  });

  it('makes paths absolute against the folder it was given', () => {
    const cwd = configFolder();
    const config = loadConfig({
      env: { PARLEY__LOG__FILE__PATH: 'logs/parley.log', PARLEY_DATA_DIR: '/srv/data' },
      cwd,
    });
    expect(config.data_dir).toBe('/srv/data');
    expect(config.log.file.path).toBe(`${cwd}/logs/parley.log`);
    expect(config.use_cases.dir).toBe(`${cwd}/config/use-cases`);
    expect(config.auth.breached_list).toBeNull();
  });

  describe('layers', () => {
    const files = {
      'config/default.yaml': 'http:\n  port: 1001\n  host: one\n  allowed_hosts: [one]\nlog: { level: trace }\n',
      'config/staging.yaml': 'http:\n  host: two\n  allowed_hosts: [two, dos]\n',
      'extra.yaml': 'http:\n  allowed_hosts: [three]\n',
    };

    it('lay each over those before: schema, default, environment’s file, extra file, environment', () => {
      const cwd = configFolder(files);
      const staging = { PARLEY_ENV: 'staging' };
      expect(loadConfig({ env: {}, cwd }).http).toMatchObject({ port: 1001, host: 'one', allowed_hosts: ['one'] });
      expect(loadConfig({ env: staging, cwd }).http).toMatchObject({ host: 'two', allowed_hosts: ['two', 'dos'] });
      const extra = { ...staging, PARLEY_CONFIG_FILE: 'extra.yaml' };
      expect(loadConfig({ env: extra, cwd }).http).toMatchObject({ host: 'two', allowed_hosts: ['three'] });
      const all = { ...extra, HOST: 'four', PARLEY__HTTP__ALLOWED_HOSTS: 'five' };
      expect(loadConfig({ env: all, cwd }).http).toMatchObject({ port: 1001, host: 'four', allowed_hosts: ['five'] });
      expect(loadConfig({ env: all, cwd }).log.level).toBe('trace');
    });

    it('replace mappings whole', () => {
      const cwd = configFolder({
        'config/default.yaml':
          'limits: { classes: { read: { limit: 1, per_seconds: 1 }, write: { limit: 2, per_seconds: 2 } } }',
        'config/development.yaml': 'limits: { classes: { write: { limit: 3, per_seconds: 3, burst: 9 } } }',
      });
      expect(loadConfig({ env: {}, cwd }).limits.classes).toEqual({ write: { limit: 3, per_seconds: 3, burst: 9 } });
    });

    it('take sections whose keys are all commented out for empty', () => {
      const cwd = configFolder({ 'config/default.yaml': '# nothing\nhttp:\n  # port: 1\nlog:\n' });
      expect(loadConfig({ env: {}, cwd }).http.port).toBe(3000);
    });
  });

  describe('missing files', () => {
    it.each(['default', 'development'])('refuses a folder without config/%s.yaml', (name) => {
      const other = name === 'default' ? 'development' : 'default';
      const cwd = configFolder({ 'keep/config/x': '' });
      expect(refusalLines({}, cwd)).toEqual([]);
      const bare = configFolder({ [`only/config/${other}.yaml`]: '' });
      expect(refusalLines({}, `${bare}/only`)).toEqual([`config/${name}.yaml: the file cannot be read (ENOENT)`]);
    });

    it('says which folder it was started in, where that one holds no configuration at all', () => {
      const cwd = `${configFolder({ 'elsewhere/x': '' })}/elsewhere`;
      const problem = `there is none in ${cwd}: start Parley in the folder that it is installed in`;
      expect(refusalLines({}, cwd)).toEqual([`config/: ${problem}`]);
    });

    it('refuses an extra file that is not there, by the variable', () => {
      expect(refusalLines({ PARLEY_CONFIG_FILE: 'absent.yaml' })).toEqual([
        'PARLEY_CONFIG_FILE: the file cannot be read (ENOENT)',
      ]);
    });

    it('names an extra file outside the folder by its whole path', () => {
      const elsewhere = configFolder({ 'extra.yaml': 'http: { port: none }' });
      const [line] = refusalLines({ PARLEY_CONFIG_FILE: `${elsewhere}/extra.yaml` });
      expect(line).toBe(`${elsewhere}/extra.yaml:1 http.port: expected a whole number from 0 to 65535`);
    });
  });

  it('lists every finding of every layer at once', () => {
    const cwd = configFolder({
      'config/default.yaml': 'http:\n  port: "3000"\n  hots: here\n',
      'config/development.yaml': 'log: {level: info\n',
      'extra.yaml': 'limits:\n  multiplier: 0.5\n',
    });
    const env = { PARLEY_CONFIG_FILE: 'extra.yaml', PARLEY__LOG__LEVEL: 'loud', PARLEY__LOGS__LEVEL: 'info' };
    expect(refusalLines({ ...env, PARLEY__RUNS__DELTA_MIN_MS: '900' }, cwd).sort()).toEqual([
      'PARLEY__LOGS__LEVEL: there is no such key; the nearest is PARLEY__LOG__LEVEL',
      'PARLEY__LOG__LEVEL: expected one of trace, debug, info, warn, error, fatal, silent',
      'PARLEY__RUNS__DELTA_MIN_MS: expected at most runs.delta_max_ms',
      'config/default.yaml:2 http.port: expected a whole number from 0 to 65535',
      'config/default.yaml:3 http.hots: there is no such key; the nearest is http.host',
      'config/development.yaml:2: not valid YAML (bad indent)',
      'extra.yaml:2 limits.multiplier: expected a number from 1 to 1000',
    ]);
  });

  it('refuses a limit for a class that there is not, and does not repeat its name', () => {
    const limit = { limit: 9, per_seconds: 60 };
    const env = { PARLEY__LIMITS__CLASSES: JSON.stringify({ 'message.send': limit, read: limit }) };
    expect(refusalLines(env)).toEqual([
      'PARLEY__LIMITS__CLASSES: names a class that there is not; the nearest is messages.send',
    ]);
    const cwd = configFolder({
      'config/default.yaml': 'limits:\n  classes:\n    reads: { limit: 9, per_seconds: 60 }\n',
    });
    expect(refusalLines({}, cwd)).toEqual([
      'config/default.yaml:2 limits.classes: names a class that there is not; the nearest is read',
    ]);
  });

  it('throws one error whose message has a line for each finding', () => {
    const load = () => loadConfig({ env: { PORT: 'x', PARLEY_JWT_SECRET: 'short' }, cwd: configFolder() });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(
      'The configuration was refused:\n  PORT: expected a whole number from 0 to 65535\n  PARLEY_JWT_SECRET: expected at least 32 bytes',
    );
  });

  describe('the files that ship', () => {
    it.each(['development', 'staging', 'docker', 'test'])('start %s as they are', (name) => {
      expect(loadConfig({ env: { PARLEY_ENV: name }, cwd: ROOT }).env).toBe(name);
    });

    it('start production with a key and a host, and nothing else', () => {
      expect(loadConfig({ env: PRODUCTION, cwd: ROOT }).env).toBe('production');
      expect(refusalLines({ PARLEY_ENV: 'production' }, ROOT)).toEqual([
        'PARLEY_KEK: missing: production needs base64 of 32 bytes (openssl rand -base64 32)',
        'PARLEY__HTTP__ALLOWED_HOSTS: missing: production names the hosts it serves',
      ]);
    });

    it.each([
      ['development', '127.0.0.1', true, 'open', 10],
      ['docker', '0.0.0.0', true, 'open', 1],
      ['staging', '0.0.0.0', false, 'closed', 1],
      ['production', '0.0.0.0', false, 'closed', 1],
    ])('%s listens on %s, migrates on start: %s, registration %s, limits × %s', (name, host, migrates, mode, times) => {
      const config = loadConfig({ env: { ...PRODUCTION, PARLEY_ENV: name }, cwd: ROOT });
      expect(config.http.host).toBe(host);
      expect(config.database.migrate_on_start).toBe(migrates);
      expect(config.auth.registration).toBe(mode);
      expect(config.limits.multiplier).toBe(times);
    });
  });
});

describe('where a key was set', () => {
  const PASSWORD = { PARLEY_ADMIN_EMAIL: 'a@b.cd', PARLEY_ADMIN_PASSWORD: 'correct horse battery' };

  it('is the variable, or file and line; where it was not set, the variable that sets it', () => {
    const cwd = configFolder({ 'config/default.yaml': 'log:\n  level: warn\n' });
    const config = loadConfig({ env: PASSWORD, cwd });
    expect(sourceOf(config, 'admin.password')).toBe('PARLEY_ADMIN_PASSWORD');
    expect(sourceOf(config, 'log.level')).toMatch(/^config\/default\.yaml:2\b/);
    expect(sourceOf(config, 'log.file.path')).toBe('PARLEY__LOG__FILE__PATH');
    expect(sourceOf(configSchema.parse({}), 'admin.password')).toBe('PARLEY_ADMIN_PASSWORD');
  });
});
