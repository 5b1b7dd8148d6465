import { randomBytes } from 'node:crypto';
import { configFolder, PRODUCTION, refusalLines, removeConfigFolders } from './config.factory.js';
import type { Environment } from './environment.js';

const cwd = configFolder();
const KEK = randomBytes(32).toString('base64');
const TLS = 'expected TLS to another host (or allow_plaintext)';

afterAll(removeConfigFolders);

interface Case {
  readonly what: string;
  readonly refused: Environment;
  readonly line: string;
  /** The nearest thing to it that production takes. */
  readonly taken: Environment;
}

const CASES: readonly Case[] = [
  {
    what: 'no key-encryption key',
    refused: { PARLEY_KEK: undefined },
    line: 'PARLEY_KEK: missing: production needs base64 of 32 bytes (openssl rand -base64 32)',
    taken: { PARLEY_KEK: KEK },
  },
  {
    what: 'keys.source env without a key',
    refused: { PARLEY_KEK: undefined, PARLEY__KEYS__SOURCE: 'env' },
    line: 'PARLEY_KEK: missing: keys.source is env',
    taken: { PARLEY_KEK: KEK, PARLEY__KEYS__SOURCE: 'env' },
  },
  {
    what: 'a key-encryption key of 31 bytes',
    refused: { PARLEY_KEK: randomBytes(31).toString('base64') },
    line: 'PARLEY_KEK: expected base64 of 32 bytes (openssl rand -base64 32)',
    taken: { PARLEY_KEK: randomBytes(32).toString('base64') },
  },
  {
    what: 'a key in the data directory',
    refused: { PARLEY_KEK: undefined, PARLEY__KEYS__SOURCE: 'file' },
    line: 'PARLEY__KEYS__SOURCE: expected env: production never keeps this key in the data directory',
    taken: { PARLEY__KEYS__SOURCE: 'env' },
  },
  {
    what: 'a signing secret of 31 bytes',
    refused: { PARLEY_JWT_SECRET: 'Zq'.repeat(15) },
    line: 'PARLEY_JWT_SECRET: expected at least 32 bytes',
    taken: { PARLEY_JWT_SECRET: 'Zq'.repeat(16) },
  },
  {
    what: 'an example for a signing secret',
    refused: { PARLEY_JWT_SECRET: 'change-me-to-something-long-and-random' },
    line: 'PARLEY_JWT_SECRET: holds a known example value: make one of your own',
    taken: { PARLEY_JWT_SECRET: randomBytes(32).toString('base64') },
  },
  {
    what: 'an example for a key-encryption key',
    refused: { PARLEY_KEK: Buffer.alloc(32).toString('base64') },
    line: 'PARLEY_KEK: holds a known example value: make one of your own',
    taken: {},
  },
  {
    what: 'an example for an administrator’s password',
    refused: { PARLEY_ADMIN_EMAIL: 'a@b.cd', PARLEY_ADMIN_PASSWORD: 'changeme' },
    line: 'PARLEY_ADMIN_PASSWORD: holds a known example value: make one of your own',
    taken: { PARLEY_ADMIN_EMAIL: 'a@b.cd', PARLEY_ADMIN_PASSWORD: 'correct horse battery' },
  },
  {
    what: 'an example for a database’s password',
    refused: { DATABASE_URL: 'postgres://parley:password@localhost/parley' },
    line: 'DATABASE_URL: holds a known example value: make one of your own',
    taken: { DATABASE_URL: 'postgres://parley:h7Tq2x@localhost/parley' },
  },
  {
    what: 'an example for a provider’s key, among the headers too',
    refused: { PARLEY__MODELS__PROVIDERS__OPENAI__HEADERS: '{"api-key":"your-api-key"}' },
    line: 'PARLEY__MODELS__PROVIDERS__OPENAI__HEADERS: holds a known example value: make one of your own',
    taken: { PARLEY__MODELS__PROVIDERS__OPENAI__HEADERS: '{"api-key":"8f2c"}' },
  },
  {
    what: 'every origin',
    refused: { PARLEY__CORS__ORIGINS: '*' },
    line: 'PARLEY__CORS__ORIGINS: expected exact origins, never * or null',
    taken: { PARLEY__CORS__ORIGINS: 'https://app.example.org,http://localhost:5173' },
  },
  {
    what: 'the origin null',
    refused: { PARLEY__CORS__ORIGINS: '["null"]' },
    line: 'PARLEY__CORS__ORIGINS: expected exact origins, never * or null',
    taken: { PARLEY__CORS__ORIGINS: '[]' },
  },
  {
    what: 'a pattern of origins',
    refused: { PARLEY__CORS__ORIGINS: 'https://*.example.org' },
    line: 'PARLEY__CORS__ORIGINS: expected a list, each entry an exact origin such as https://app.example.org',
    taken: { PARLEY__CORS__ORIGINS: 'https://example.org' },
  },
  {
    what: 'no list of hosts',
    refused: { PARLEY__HTTP__ALLOWED_HOSTS: undefined },
    line: 'PARLEY__HTTP__ALLOWED_HOSTS: missing: production names the hosts it serves',
    taken: { PARLEY__HTTP__ALLOWED_HOSTS: '*.example.org' },
  },
  {
    what: 'bodies in the log',
    refused: { PARLEY__LOG__BODIES: 'true' },
    line: 'PARLEY__LOG__BODIES: expected false: bodies are written in development only',
    taken: { PARLEY__LOG__BODIES: 'false' },
  },
  {
    what: 'a database on another host without TLS',
    refused: { DATABASE_URL: 'postgres://u:h7Tq2x@db.example.org/parley' },
    line: `DATABASE_URL: ${TLS}: add sslmode=verify-full`,
    taken: { DATABASE_URL: 'postgres://u:h7Tq2x@db.example.org/parley?sslmode=verify-full' },
  },
  {
    what: 'a database on another host that may fall back to plaintext',
    refused: { DATABASE_URL: 'postgres://u:h7Tq2x@10.0.0.5/parley?sslmode=prefer' },
    line: `DATABASE_URL: ${TLS}: add sslmode=verify-full`,
    taken: { DATABASE_URL: 'postgres://u:h7Tq2x@10.0.0.5/parley', PARLEY__DATABASE__ALLOW_PLAINTEXT: 'true' },
  },
  {
    what: 'migrations on another host without TLS',
    refused: { DATABASE_MIGRATION_URL: 'postgres://o:h7Tq2x@db/parley' },
    line: `DATABASE_MIGRATION_URL: ${TLS}: add sslmode=verify-full`,
    taken: { DATABASE_MIGRATION_URL: 'postgres://o:h7Tq2x@127.0.0.1/parley' },
  },
  {
    what: 'Redis on another host without TLS',
    refused: { REDIS_URL: 'redis://:h7Tq2x@cache:6379' },
    line: `REDIS_URL: ${TLS}: use rediss://`,
    taken: { REDIS_URL: 'rediss://:h7Tq2x@cache:6379' },
  },
];

describe('production', () => {
  it('starts with a key and a list of hosts', () => {
    expect(refusalLines(PRODUCTION, cwd)).toEqual([]);
  });

  it.each(CASES)('refuses $what, and takes the nearest right thing', ({ refused, line, taken }) => {
    expect(refusalLines({ ...PRODUCTION, ...refused }, cwd)).toEqual([line]);
    expect(refusalLines({ ...PRODUCTION, ...taken }, cwd)).toEqual([]);
  });

  it.each(CASES)('$what: where development may have it, it is production that refuses', ({ refused, line }) => {
    const everywhere = /expected (base64|at least|a list)|keys\.source is env$/.test(line);
    expect(refusalLines({ ...refused, PARLEY_ENV: 'development' }, cwd)).toEqual(everywhere ? [line] : []);
  });

  it.each([
    'postgres://u:h7Tq2x@localhost/parley',
    'postgres://u:h7Tq2x@127.8.8.8/parley',
    'postgres://u:h7Tq2x@[::1]:5433/parley',
    'postgres:///parley?host=/var/run/postgresql',
    'postgres://u@/parley',
    'postgres://u:h7Tq2x@%2Frun%2Fpg/parley',
    'postgres://u:h7Tq2x@db/parley?sslmode=require',
    'postgres://u:h7Tq2x@db/parley?ssl=true',
  ])('takes a database that is here or speaks TLS: %s', (url) => {
    expect(refusalLines({ ...PRODUCTION, DATABASE_URL: url }, cwd)).toEqual([]);
    const elsewhere = 'postgres://u:h7Tq2x@localhost/parley?host=10.1.2.3';
    expect(refusalLines({ ...PRODUCTION, DATABASE_URL: elsewhere }, cwd)).toHaveLength(1);
  });

  describe('a secret in a file', () => {
    const files = { 'config/production.yaml': 'auth:\n  jwt_secret: 7f3b9c1d5e8a2046b1c9d3e7f5a80214\n' };
    const line =
      'config/production.yaml:2 auth.jwt_secret: a secret in a file of configuration: set PARLEY_JWT_SECRET or PARLEY_JWT_SECRET_FILE';

    it('is refused by file, line and key', () => {
      expect(refusalLines(PRODUCTION, configFolder(files))).toEqual([line]);
    });

    it('is refused though the environment overrules it', () => {
      const env = { ...PRODUCTION, PARLEY_JWT_SECRET: randomBytes(32).toString('hex') };
      expect(refusalLines(env, configFolder(files))).toEqual([line]);
      expect(refusalLines(env, configFolder())).toEqual([]);
    });

    it('is refused in the file of PARLEY_CONFIG_FILE too', () => {
      const folder = configFolder({ 'extra.yaml': 'models: { providers: { openai: { headers: { api-key: k } } } }' });
      const [found] = refusalLines({ ...PRODUCTION, PARLEY_CONFIG_FILE: 'extra.yaml' }, folder);
      expect(found).toContain('extra.yaml:1 models.providers.openai.headers: a secret in a file');
    });

    it('may stand there in development, and as null or nothing in production', () => {
      const everywhere = { 'config/default.yaml': files['config/production.yaml'] };
      expect(refusalLines({}, configFolder(everywhere))).toEqual([]);
      const empty = { 'config/production.yaml': 'auth: { jwt_secret: null }\nkeys: { older: {} }\n' };
      expect(refusalLines(PRODUCTION, configFolder(empty))).toEqual([]);
    });
  });
});

describe('every environment', () => {
  it.each<[string, Environment, string, Environment]>([
    [
      'a key that would not be used',
      { PARLEY_KEK: KEK, PARLEY__KEYS__SOURCE: 'file' },
      'PARLEY_KEK: set, but keys.source is file: remove one of them',
      { PARLEY__KEYS__SOURCE: 'file' },
    ],
    [
      'an administrator without a password',
      { PARLEY_ADMIN_EMAIL: 'a@b.cd' },
      'PARLEY_ADMIN_PASSWORD: missing: admin.email is set',
      { PARLEY_ADMIN_EMAIL: 'a@b.cd', PARLEY_ADMIN_PASSWORD: 'x' },
    ],
    [
      'an administrator without an e-mail address',
      { PARLEY_ADMIN_PASSWORD: 'x' },
      'PARLEY_ADMIN_EMAIL: missing: admin.password is set',
      {},
    ],
    [
      'a least time over the most',
      { PARLEY__RUNS__DELTA_MAX_MS: '24' },
      'PARLEY__RUNS__DELTA_MIN_MS: expected at most runs.delta_max_ms',
      { PARLEY__RUNS__DELTA_MAX_MS: '25' },
    ],
  ])('refuses %s', (_what, refused, line, taken) => {
    expect(refusalLines(refused, cwd)).toEqual([line]);
    expect(refusalLines(taken, cwd)).toEqual([]);
  });
});
