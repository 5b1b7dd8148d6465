import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Who calls. All but the owner call on the owner's objects. */
export const PRINCIPALS = ['anonymous', 'owner', 'other', 'moderator', 'admin'] as const;
export type Principal = (typeof PRINCIPALS)[number];
/** The owner's calls with ids that lead nowhere. */
export const STRAYS = ['unknown', 'malformed'] as const;
export type Stray = (typeof STRAYS)[number];

export interface PolicyRow {
  /** `GET /api/v1/…`, `EVENT join`, `FRAME ping` */
  readonly entrance: string;
  /** Expected outcome by column; `-` where there is no such call. */
  readonly expected: Readonly<Record<Principal | Stray, string>>;
  /** The column whose call succeeds, or `none`. */
  readonly twin: string;
}

const COLUMNS = ['entrance', ...PRINCIPALS, ...STRAYS, 'twin'] as const;

/** The rows of `policy.csv`. */
export function readPolicy(): readonly PolicyRow[] {
  const lines = readFileSync(join(import.meta.dirname, 'policy.csv'), 'utf8').split('\n');
  const [head, ...rows] = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (head !== COLUMNS.join(',')) throw new Error(`policy.csv has other columns than ${COLUMNS.join(',')}`);
  return rows.map((line) => {
    const cells = line.split(',');
    if (cells.length !== COLUMNS.length) throw new Error(`policy.csv: ${line}`);
    const cell = (name: (typeof COLUMNS)[number]): string => cells[COLUMNS.indexOf(name)] ?? '';
    return {
      entrance: cell('entrance'),
      expected: {
        anonymous: cell('anonymous'),
        owner: cell('owner'),
        other: cell('other'),
        moderator: cell('moderator'),
        admin: cell('admin'),
        unknown: cell('unknown'),
        malformed: cell('malformed'),
      },
      twin: cell('twin'),
    };
  });
}

/** Whether an outcome lets the caller in. */
export function isSuccess(outcome: string): boolean {
  return outcome === 'ok' || /^2\d\d$/.test(outcome);
}
