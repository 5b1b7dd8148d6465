import fc from 'fast-check';
import { stringify } from 'yaml';
import { configFolder, PRODUCTION, refusalLines, removeConfigFolders } from './config.factory.js';
import { type ConfigKey, describeConfig } from './describe-config.js';
import type { Environment } from './environment.js';

/** Marks values so that no word of a message can hold one by chance. */
const MARK = 'zQ7';
const word = fc
  .array(fc.constantFrom(...'abcXYZ0189._-/:@ {}[]",*&!'), { maxLength: 24 })
  .map((letters) => `${MARK}${letters.join('')}`);
const keys = describeConfig();
const key = fc.constantFrom(...keys);

afterAll(removeConfigFolders);

function nested(target: ConfigKey, value: unknown): unknown {
  return target.path.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value);
}

const shapes: readonly ((value: string) => unknown)[] = [
  (value) => value,
  (value) => [value],
  (value) => ({ name: value }),
  (value) => ({ name: { limit: value } }),
];

describe('no refusal shows a value', () => {
  const cwd = configFolder();

  it.each(['development', 'production'])('that a variable holds, in %s', (name) => {
    const held = new Set<string>();
    fc.assert(
      fc.property(key, word, fc.constantFrom(...shapes), fc.boolean(), (target, value, shape, long) => {
        const variable = long ? target.env : (target.shortNames[0] ?? target.env);
        const shaped = shape(value);
        const text = typeof shaped === 'string' ? shaped : JSON.stringify(shaped);
        const base: Environment = name === 'production' ? PRODUCTION : {};
        const lines = refusalLines({ ...base, [variable]: text }, cwd);
        for (const line of lines) {
          expect(line).not.toContain(MARK);
          held.add(target.name);
        }
      }),
      { numRuns: 600 },
    );
    // The property would hold of a program that refuses nothing.
    expect(held.size).toBeGreaterThan(keys.length / 2);
  });

  it('that is the member of a mapping', () => {
    for (const target of keys.filter(({ type }) => type === 'mapping')) {
      const lines = refusalLines({ [target.env]: JSON.stringify({ [MARK]: { [MARK]: MARK } }) }, cwd);
      expect(lines).toHaveLength(1);
      expect(lines.join()).not.toContain(MARK);
    }
  });

  it('that a file names', () => {
    for (const target of keys) {
      const lines = refusalLines({ [`${target.env}_FILE`]: `/${MARK}/${MARK}` }, cwd);
      expect(lines).toEqual([`${target.env}_FILE: the file it names cannot be read (ENOENT)`]);
    }
  });

  it('that a YAML file holds', () => {
    let refused = 0;
    fc.assert(
      fc.property(key, word, fc.constantFrom(...shapes), (target, value, shape) => {
        const lines = refusalLines(
          {},
          configFolder({ 'config/default.yaml': stringify(nested(target, shape(value))) }),
        );
        refused += lines.length;
        for (const line of lines) expect(line).not.toContain(MARK);
      }),
      { numRuns: 200 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  it('that stands where YAML cannot be read', () => {
    let refused = 0;
    fc.assert(
      fc.property(word, fc.constantFrom('a: [', 'a: {', 'a: "', 'a: b: ', 'a: *', '\ta: ', 'a: !'), (value, before) => {
        const lines = refusalLines({}, configFolder({ 'config/default.yaml': `${before}${value}\nb: [\n` }));
        refused += lines.length;
        for (const line of lines) expect(line).not.toContain(MARK);
      }),
      { numRuns: 200 },
    );
    expect(refused).toBeGreaterThan(200);
  });
});
