import { part, Statement } from './statement.js';

interface Facts {
  readonly org: string;
  readonly ids: readonly string[];
}

const org = (facts: Facts): string => facts.org;

describe('a statement', () => {
  it('numbers its holes in order, a function that stands in it twice once', () => {
    const scope = part<Facts>`org_id = ${org} and id = any(${({ ids }) => ids})`;
    const found = new Statement<Facts, object>(
      part<Facts>`select ${org} as org from t where ${scope} limit ${() => 5}`,
    );
    expect(found.text).toBe('select $1 as org from t where org_id = $1 and id = any($2) limit $3');
    expect(found.of({ org: 'a', ids: ['x'] }).values).toEqual(['a', ['x'], 5]);
  });

  it('is known by a name of its own on every connection', () => {
    const names = [1, 2, 3].map(() => new Statement(part`select 1`).name);
    expect(new Set(names).size).toBe(3);
  });

  it('keeps the answers of its calls apart', () => {
    const one = new Statement<Facts, { readonly n: number }>(part`select n from t`);
    const [first, second] = [one.of({ org: 'a', ids: [] }), one.of({ org: 'b', ids: [] })];
    first.take([['n', 1]]);
    expect([first.rows, second.rows]).toEqual([[{ n: 1 }], []]);
  });
});
