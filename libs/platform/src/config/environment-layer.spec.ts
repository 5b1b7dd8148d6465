import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { configFolder, refusalLines, removeConfigFolders } from './config.factory.js';
import { describeConfig } from './describe-config.js';
import type { Environment } from './environment.js';
import { loadConfig } from './load.js';

const cwd = configFolder();
const load = (env: Environment) => loadConfig({ env, cwd });

afterAll(removeConfigFolders);

describe('variables', () => {
  it('set the keys of their short names', () => {
    const config = load({
      PORT: '8080',
      HOST: '::1',
      DATABASE_URL: 'postgres://a:b@db/parley',
      DATABASE_MIGRATION_URL: 'postgresql://o:b@db/parley',
      REDIS_URL: 'rediss://:pw@cache:6380',
      OPENAI_API_KEY: 'k1',
      OPENAI_BASE_URL: 'http://localhost:1234/v1',
      ANTHROPIC_API_KEY: 'k2',
      ANTHROPIC_BASE_URL: 'https://proxy.example',
      GOOGLE_GENERATIVE_AI_API_KEY: 'k3',
      OLLAMA_BASE_URL: 'http://localhost:11434',
      PARLEY_MODEL: 'openai:gpt-5, anthropic:claude',
      PARLEY_FAST_MODEL: 'ollama:llama3:8b',
      PARLEY_VISION_MODEL: 'google:gemini',
      PARLEY_JUDGE_MODEL: 'offline',
      PARLEY_EMBEDDING_MODEL: 'openai:text-embedding-3-small',
      PARLEY_JWT_SECRET: 'x'.repeat(32),
      PARLEY_ADMIN_EMAIL: 'root@example.org',
      PARLEY_ADMIN_PASSWORD: 'a password',
    });
    expect(config.http).toMatchObject({ port: 8080, host: '::1' });
    expect(config.database.url).toBe('postgres://a:b@db/parley');
    expect(config.database.migration_url).toBe('postgresql://o:b@db/parley');
    expect(config.redis.url).toBe('rediss://:pw@cache:6380');
    expect(config.models.providers.openai).toMatchObject({ api_key: 'k1', base_url: 'http://localhost:1234/v1' });
    expect(config.models.providers.anthropic).toMatchObject({ api_key: 'k2', base_url: 'https://proxy.example' });
    expect(config.models.providers.google.api_key).toBe('k3');
    expect(config.models.providers.ollama.base_url).toBe('http://localhost:11434');
    expect(config.models.roles).toEqual({
      default: ['openai:gpt-5', 'anthropic:claude'],
      fast: ['ollama:llama3:8b'],
      vision: ['google:gemini'],
      judge: ['offline'],
      embedding: ['openai:text-embedding-3-small'],
    });
    expect(config.auth.jwt_secret).toBe('x'.repeat(32));
    expect(config.admin).toEqual({ email: 'root@example.org', password: 'a password' });
  });

  it('set any key by PARLEY__SECTION__KEY, which counts over a short name', () => {
    const config = load({ PORT: '1', PARLEY__HTTP__PORT: '2', PARLEY__LOG__FILE__MAX_FILES: '3', PARLEY__ENV: 'test' });
    expect(config.http.port).toBe(2);
    expect(config.log.file.max_files).toBe(3);
    expect(config.env).toBe('test');
  });

  it.each([
    [
      'a number',
      { PARLEY__MODELS__BREAKER_SECONDS: ' 0.5 ' },
      (c: ReturnType<typeof load>) => c.models.breaker_seconds,
      0.5,
    ],
    ['true', { PARLEY__LOG__BODIES: 'true' }, (c: ReturnType<typeof load>) => c.log.bodies, true],
    ['false', { PARLEY__LIMITS__ENABLED: 'false' }, (c: ReturnType<typeof load>) => c.limits.enabled, false],
    [
      'commas',
      { PARLEY__CORS__ORIGINS: 'https://a.b, http://c:1,' },
      (c: ReturnType<typeof load>) => c.cors.origins,
      ['https://a.b', 'http://c:1'],
    ],
    [
      'a JSON list',
      { PARLEY__CORS__ORIGINS: '["https://a.b"]' },
      (c: ReturnType<typeof load>) => c.cors.origins,
      ['https://a.b'],
    ],
    ['an empty JSON list', { PARLEY__CORS__ORIGINS: '[]' }, (c: ReturnType<typeof load>) => c.cors.origins, []],
    [
      'a JSON mapping',
      { PARLEY__LIMITS__CLASSES: '{"auth.login":{"limit":1,"per_seconds":60}}' },
      (c: ReturnType<typeof load>) => c.limits.classes,
      { 'auth.login': { limit: 1, per_seconds: 60 } },
    ],
    [
      'null where null is allowed',
      { PARLEY__METRICS__PORT: 'null' },
      (c: ReturnType<typeof load>) => c.metrics.port,
      null,
    ],
    [
      'text as it stands',
      { PARLEY_ADMIN_EMAIL: 'a@b.cd', PARLEY_ADMIN_PASSWORD: ' 0123 ' },
      (c: ReturnType<typeof load>) => c.admin.password,
      ' 0123 ',
    ],
  ])('read %s', (_what, env, pick, value) => {
    expect(pick(load(env))).toEqual(value);
  });

  it.each([
    ['PORT', '80a'],
    ['PORT', '0x10'],
    ['PORT', '70000'],
    ['PORT', '1.5'],
    ['PARLEY__LIMITS__ENABLED', 'yes'],
    ['PARLEY__LOG__LEVEL', 'INFO'],
    ['PARLEY__CORS__ORIGINS', '[broken'],
    ['PARLEY__CORS__ORIGINS', 'https://*.example.org'],
    ['PARLEY__CORS__ORIGINS', 'https://a.b/'],
    ['PARLEY__HTTP__ALLOWED_HOSTS', 'a.b:3000'],
    ['PARLEY__HTTP__ALLOWED_HOSTS', '*'],
    ['PARLEY__HTTP__TRUSTED_PROXIES', '10.0.0.0/33'],
    ['PARLEY__HTTP__PUBLIC_URL', 'ftp://a.b'],
    ['PARLEY__LIMITS__CLASSES', '[]'],
    ['PARLEY__LIMITS__CLASSES', '{"a":{"limit":1,"per_second":1}}'],
    ['PARLEY__KEYS__OLDER', '{'],
    ['PARLEY__LOG__FILE__MAX_SIZE', '50 MB'],
    ['PARLEY_MODEL', 'gpt-5'],
    ['PARLEY_KEK', 'c2hvcnQ='],
    ['PARLEY_JWT_SECRET', 'x'.repeat(31)],
    ['DATABASE_URL', 'mysql://a/b'],
    ['REDIS_URL', 'http://a'],
    ['PARLEY_ENV', 'prod'],
  ])('refuse %s=%s with what the key takes', (name, value) => {
    const key = describeConfig().find((each) => [each.env, ...each.shortNames].includes(name));
    expect(refusalLines({ [name]: value }, cwd)).toEqual([`${name}: expected ${key?.expected}`]);
  });

  it.each([
    ['PARLEY__CORS__ORIGINS', '*'],
    ['PARLEY__HTTP__ALLOWED_HOSTS', '*.example.org,[::1],localhost'],
    ['PARLEY__HTTP__TRUSTED_PROXIES', '10.0.0.0/8,::1,fd00::/8'],
    ['DATABASE_URL', 'postgresql://parley_app:pw@%2Ftmp%2Fsocket/parley'],
    ['DATABASE_URL', 'postgres://parley@/db?host=/var/run/postgresql'],
    ['PARLEY_KEK', randomBytes(32).toString('base64url')],
    ['PARLEY_JWT_SECRET', 'ü'.repeat(16)],
  ])('take %s=%s', (name, value) => {
    expect(refusalLines({ [name]: value }, cwd)).toEqual([]);
  });

  it('count as not set when empty', () => {
    expect(load({ PORT: '', DATABASE_URL: '', PARLEY_KEK_FILE: '' }).http.port).toBe(3000);
  });

  it('are refused when they begin with PARLEY__ and name no key', () => {
    expect(refusalLines({ PARLEY__HTTP__PROT: '1', PARLEY__HTTP: '{}', Parley__http__port: '1' }, cwd)).toEqual([
      'PARLEY__HTTP: there is no such key; the nearest is PARLEY__HTTP__HOST',
      'PARLEY__HTTP__PROT: there is no such key; the nearest is PARLEY__HTTP__PORT',
      'Parley__http__port: there is no such key; the nearest is PARLEY__HTTP__PORT',
    ]);
    expect(refusalLines({ PARLEY_PORT: 'tcp://10.0.0.1:80', HTTP__PORT: '1' }, cwd)).toEqual([]);
  });
});

describe('<name>_FILE', () => {
  const file = (text: string) => {
    const path = `${configFolder()}/value`;
    writeFileSync(path, text);
    return path;
  };

  it.each(['12\n', '12\r\n', '12'])('reads the value without the last line break: %j', (text) => {
    expect(load({ PORT_FILE: file(text) }).http.port).toBe(12);
    expect(load({ PARLEY__HTTP__PORT_FILE: file(text) }).http.port).toBe(12);
  });

  it('keeps every other character', () => {
    const env = { PARLEY_ADMIN_EMAIL: 'a@b.cd', PARLEY_ADMIN_PASSWORD_FILE: file(' a\nb\n\n') };
    expect(load(env).admin.password).toBe(' a\nb\n');
  });

  it('is read from the folder that the program runs in', () => {
    const folder = configFolder({ 'secrets/port': '7\n' });
    expect(loadConfig({ env: { PORT_FILE: 'secrets/port' }, cwd: folder }).http.port).toBe(7);
  });

  it('refuses a file that is not there or empty, and a value given both ways, by the variable', () => {
    expect(refusalLines({ PORT_FILE: '/nowhere/at-all' }, cwd)).toEqual([
      'PORT_FILE: the file it names cannot be read (ENOENT)',
    ]);
    expect(refusalLines({ PORT_FILE: file('\n') }, cwd)).toEqual(['PORT_FILE: the file it names is empty']);
    expect(refusalLines({ PORT: '1', PORT_FILE: file('2') }, cwd)).toEqual([
      'PORT: set plainly and by PORT_FILE too: keep one of them',
    ]);
  });

  it('names the variable with _FILE when what the file holds is refused', () => {
    expect(refusalLines({ PORT_FILE: file('much') }, cwd)).toEqual([
      'PORT_FILE: expected a whole number from 0 to 65535',
    ]);
  });
});

describe('PARLEY_KEK_<id>', () => {
  const older = randomBytes(32);
  const text = older.toString('base64');
  const id = createHash('sha256').update(older).digest('hex').slice(0, 12);

  it('adds earlier keys to those of PARLEY__KEYS__OLDER', () => {
    const second = randomBytes(32);
    const secondId = createHash('sha256').update(second).digest('hex').slice(0, 12);
    const config = load({
      [`PARLEY_KEK_${id.toUpperCase()}`]: text,
      PARLEY__KEYS__OLDER: JSON.stringify({ [secondId]: second.toString('base64') }),
    });
    expect(config.keys.older).toEqual({ [id]: text, [secondId]: second.toString('base64') });
    expect(config.keys.kek).toBeNull();
  });

  it('may be a file', () => {
    const folder = configFolder({ kek: `${text}\n` });
    expect(load({ [`PARLEY_KEK_${id}_FILE`]: `${folder}/kek` }).keys.older).toEqual({ [id]: text });
  });

  it.each([
    ['the id of another key', 'PARLEY_KEK_000000000000', text],
    ['no id', 'PARLEY_KEK_OLD', text],
    ['no key', `PARLEY_KEK_${id}`, 'AAAA'],
  ])('refuses %s', (_what, name, value) => {
    expect(refusalLines({ [name]: value }, cwd)).toEqual([
      `${name}: expected PARLEY_KEK_<id> to hold base64 of 32 bytes, the first 12 hex digits of whose SHA-256 are <id>`,
    ]);
    expect(refusalLines({ [`PARLEY_KEK_${id}`]: text }, cwd)).toEqual([]);
  });

  it('refuses a mapping whose ids are not those of its keys', () => {
    const mapping = JSON.stringify({ '000000000000': text });
    const [line] = refusalLines({ PARLEY__KEYS__OLDER: mapping, [`PARLEY_KEK_${id}`]: text }, cwd);
    expect(line).toContain('expected keys in base64 of 32 bytes by id');
  });
});
