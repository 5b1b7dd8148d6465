import { CompiledQuery, type Kysely } from 'kysely';

/** Fills one parameter of a statement from the facts of a call. */
type Hole<F> = (facts: F) => unknown;

/** A piece of SQL whose holes are still to be filled from facts of type F. */
export interface Part<F> {
  readonly strings: readonly string[];
  readonly holes: readonly (Hole<F> | Part<F>)[];
}

/** A piece that several statements share, or that only some of them have. */
export function part<F>(strings: TemplateStringsArray, ...holes: readonly (Hole<F> | Part<F>)[]): Part<F> {
  return { strings, holes };
}

/**
 * A statement of the hot path: its text is made once, when its module loads, and the server parses it once per
 * connection. A hole that stands in it several times, as the same function, is one parameter.
 * @template F facts of a call @template R a row of the answer
 */
export class Statement<F, R> {
  readonly name: string;
  readonly text: string;
  private readonly holes: readonly Hole<F>[];

  constructor(source: Part<F>) {
    const holes: Hole<F>[] = [];
    this.text = textOf(source, holes);
    this.holes = holes;
    this.name = nextName();
  }

  /** The statement with the values of one call. */
  of(facts: F): BoundStatement<R> {
    return new BoundStatement<R>(
      this.name,
      this.text,
      this.holes.map((hole) => hole(facts)),
    );
  }
}

/** One call of a statement, and afterwards its answer. */
export class BoundStatement<R> {
  /** What the server answered with, once the flight has landed. */
  readonly rows: R[] = [];

  constructor(
    readonly name: string,
    readonly text: string,
    readonly values: readonly unknown[],
  ) {}

  take(entries: readonly (readonly [string, unknown])[]): void {
    this.rows.push(rowOf<R>(entries));
  }

  /** The same inside a transaction that does more. */
  async in(db: Pick<Kysely<unknown>, 'executeQuery'>): Promise<readonly R[]> {
    const { rows } = await db.executeQuery<R>(CompiledQuery.raw(this.text, [...this.values]));
    return rows;
  }
}

/** That the columns are those of R is the word of whoever wrote the statement, as everywhere in SQL. */
function rowOf<R>(entries: readonly (readonly [string, unknown])[]): R;
function rowOf(entries: readonly (readonly [string, unknown])[]): unknown {
  return Object.fromEntries(entries);
}

function textOf<F>({ strings, holes }: Part<F>, parameters: Hole<F>[]): string {
  return strings.reduce((text, piece, i) => {
    const hole = holes[i - 1];
    return text + (hole === undefined ? '' : filled(hole, parameters)) + piece;
  }, '');
}

function filled<F>(hole: Hole<F> | Part<F>, parameters: Hole<F>[]): string {
  if (typeof hole !== 'function') return textOf(hole, parameters);
  const known = parameters.indexOf(hole);
  return `$${known === -1 ? parameters.push(hole) : known + 1}`;
}

let named = 0;

function nextName(): string {
  named += 1;
  return `s${named}`;
}
