import { describeConfig, describeSections } from './describe-config.js';
import { expectation } from './expectation.js';
import { configSchema } from './schema.js';
import { SHORT_NAMES } from './short-names.js';

const keys = describeConfig();
const find = (name: string) => keys.find((key) => key.name === name);

describe('describeConfig', () => {
  it('covers every key of the configuration', () => {
    const leaves = (value: unknown, path: string): string[] =>
      keys.some(({ name }) => name === path) || typeof value !== 'object' || value === null
        ? [path]
        : Object.entries(value).flatMap(([name, member]) => leaves(member, path === '' ? name : `${path}.${name}`));
    expect(keys.map(({ name }) => name).sort()).toEqual(leaves(configSchema.parse({}), '').sort());
  });

  it('tells what each key is, in one line', () => {
    for (const { name, description, expected } of keys) {
      expect({ name, description }).toEqual({ name, description: expect.stringMatching(/^[A-Z].*\.$/) });
      expect({ name, expected }).toEqual({ name, expected: expect.stringMatching(/\S/) });
    }
    for (const { name, description } of describeSections())
      expect({ name, description }).toEqual({ name, description: expect.stringMatching(/^[A-Z].*\.$/) });
  });

  it('gives every key a variable of its own', () => {
    const names = keys.flatMap(({ env, shortNames }) => [env, ...shortNames]);
    expect(new Set(names).size).toBe(names.length);
    expect(find('http.port')?.env).toBe('PARLEY__HTTP__PORT');
    expect(find('http.port')?.shortNames).toEqual(['PORT']);
  });

  it('knows the key of every short name', () => {
    for (const [short, name] of Object.entries(SHORT_NAMES)) expect(find(name)?.shortNames).toContain(short);
  });

  it('tells type, bounds, choices and default', () => {
    expect(find('http.port')).toMatchObject({
      type: 'number',
      default: 3000,
      bounds: { min: 0, max: 65_535 },
      nullable: false,
    });
    expect(find('limits.runs_per_principal')?.bounds).toEqual({ min: 1, max: undefined });
    expect(find('metrics.port')).toMatchObject({ type: 'number', default: null, nullable: true });
    expect(find('auth.registration')).toMatchObject({ type: 'choice', choices: ['open', 'closed'], default: 'open' });
    expect(find('cors.origins')).toMatchObject({ type: 'list', default: [] });
    expect(find('models.prices')).toMatchObject({ type: 'mapping', default: {} });
    expect(find('log.bodies')).toMatchObject({ type: 'boolean', default: false });
  });

  it('knows what is secret', () => {
    expect(
      keys
        .filter(({ secret }) => secret)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([
      'admin.password',
      'auth.jwt_secret',
      'database.migration_url',
      'database.url',
      'keys.kek',
      'keys.older',
      'metrics.token',
      'models.providers.anthropic.api_key',
      'models.providers.anthropic.headers',
      'models.providers.google.api_key',
      'models.providers.google.headers',
      'models.providers.ollama.api_key',
      'models.providers.ollama.headers',
      'models.providers.openai.api_key',
      'models.providers.openai.headers',
      'redis.url',
    ]);
  });
});

describe('expectation', () => {
  it.each([
    ['http.port', 'a whole number from 0 to 65535'],
    ['limits.multiplier', 'a number from 1 to 1000'],
    ['limits.runs_per_principal', 'a whole number of at least 1'],
    ['auth.registration', 'one of open, closed'],
    ['log.bodies', 'true or false'],
    ['admin.email', 'an e-mail address'],
    ['redis.prefix', 'text'],
    ['models.roles.default', 'a list, each entry provider:model or offline'],
    [
      'limits.classes',
      'a mapping from names to {limit: a whole number of at least 1; per_seconds: a number of at least 1; burst?: a whole number of at least 1}',
    ],
  ])('of %s is %s', (name, expected) => {
    expect(find(name)?.expected).toBe(expected);
  });

  it('of what says so itself is what it says', () => {
    expect(expectation(configSchema.shape.data_dir)).toBe('text that is not empty');
  });
});
