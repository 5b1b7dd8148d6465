import { configFolder, refusalLines, removeConfigFolders } from './config.factory.js';
import { parseYamlLayer } from './yaml-layer.js';

const read = (text: string) => parseYamlLayer(text, 'f.yaml');
const lines = (text: string) => read(text).findings.map(({ source, problem }) => `${source}: ${problem}`);

afterAll(removeConfigFolders);

describe('a YAML file', () => {
  it('sets keys, and knows the line of each', () => {
    const { assignments, findings } = read('# top\nhttp:\n  host: here\n\n  port: 8080\nlog: { level: warn }\n');
    expect(findings).toEqual([]);
    expect(assignments.map(({ key, value, source }) => [key.name, value, source])).toEqual([
      ['http.host', 'here', 'f.yaml:3 http.host'],
      ['http.port', 8080, 'f.yaml:5 http.port'],
      ['log.level', 'warn', 'f.yaml:6 log.level'],
    ]);
  });

  it.each(['', '# only words\n', '---\n', '~\n'])('may be empty: %j', (text) => {
    expect(read(text)).toEqual({ assignments: [], findings: [] });
  });

  it.each([
    ['http:\n  port: [1\n', 3],
    ['http:\n\tport: 1\n', 2],
    ['http:\n  port: 1\n  port: 2\n', 3],
    ['a: 1\n---\nb: 2\n', 2],
    ['http: !strange { port: 1 }\n', 1],
    ['http:\n  host: *nowhere\n', 2],
  ])('with a fault is refused by file and line: %j', (text, line) => {
    const found = lines(text);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toMatch(new RegExp(`^f\\.yaml:${line}: not valid YAML \\([a-z ]+\\)$`));
  });

  it('sets nothing when any part of it is faulty', () => {
    expect(read('http:\n  port: 1\nlog: [\n').assignments).toEqual([]);
  });

  it.each([
    ['- 1\n', 'f.yaml: expected a section with keys of its own'],
    ['http: 3000\n', 'f.yaml:1 http: expected a section with keys of its own'],
    ['http:\n  - port\n', 'f.yaml:1 http: expected a section with keys of its own'],
    ['htpp:\n  port: 1\n', 'f.yaml:1 htpp: there is no such key; the nearest is http'],
    ['http:\n  por: 1\n', 'f.yaml:2 http.por: there is no such key; the nearest is http.port'],
    [
      'models:\n  roles:\n    defualt: []\n',
      'f.yaml:3 models.roles.defualt: there is no such key; the nearest is models.roles.default',
    ],
    ['__proto__:\n  port: 1\n', 'f.yaml:1 __proto__: there is no such key; the nearest is '],
    ['env: production\n', 'f.yaml:1 env: is chosen by PARLEY_ENV, never in a file'],
  ])('is refused by key path: %j', (text, line) => {
    expect(lines(text)).toEqual([expect.stringContaining(line)]);
  });

  it('may say a thing once and name it again', () => {
    const { assignments, findings } = read('http:\n  allowed_hosts: &hosts [a.b]\ncors: { origins: *hosts }\n');
    expect(findings).toEqual([]);
    expect(assignments.map(({ value }) => value)).toEqual([['a.b'], ['a.b']]);
  });

  it('that names itself without end is refused', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[index]}`).join(',')}]`)
      .join('\n')}\n`;
    expect(lines(bomb)).toEqual(['f.yaml: not valid YAML (aliases unfold to too much)']);
  });

  it.each([
    [
      'limits: { classes: { a: { limit: 0, per_seconds: 1 } } }',
      'limits.classes.a.limit: expected a whole number of at least 1',
    ],
    ['limits: { classes: { a: { limit: 1 } } }', 'limits.classes.a.per_seconds: expected a number of at least 1'],
    [
      'limits: { classes: { a: { limit: 1, per_seconds: 1, brust: 1 } } }',
      'limits.classes.a: there is no such member: brust',
    ],
    [
      'cors: { origins: ["https://a.b", nonsense] }',
      'cors.origins[1]: expected an exact origin such as https://app.example.org',
    ],
    ['http: { host: 1 }', 'http.host: expected text that is not empty'],
    ['http: { port: null }', 'http.port: expected a whole number from 0 to 65535'],
  ])('is refused down to the place inside a key: %s', (text, line) => {
    const cwd = configFolder({ 'config/default.yaml': text });
    expect(refusalLines({}, cwd)).toEqual([`config/default.yaml:1 ${line}`]);
  });
});
