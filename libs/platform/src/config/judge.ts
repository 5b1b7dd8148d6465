import { type Assignment, keyNamed, nearest } from './assignment.js';
import type { ConfigKey } from './describe-config.js';
import { judgeProduction, type Refuse } from './judge-production.js';
import { isLimitClass, LIMIT_CLASSES } from './limit-classes.js';
import type { Config } from './schema.js';

/** A finding about a key whose value, taken alone, has the right shape. */
export interface Judgement {
  readonly key: ConfigKey;
  readonly problem: string;
  /** Who set it; absent where nobody did. */
  readonly source: string | undefined;
}

/**
 * What the values say about each other, and what production does not start with.
 * @param settled what counts for each key
 * @param all what any layer sets, overruled or not
 */
export function judge(
  config: Config,
  settled: ReadonlyMap<string, Assignment>,
  all: readonly Assignment[],
): readonly Judgement[] {
  const judgements: Judgement[] = [];
  const refuse: Refuse = (name, problem, source = settled.get(name)?.source) => {
    const key = keyNamed(name);
    if (key === undefined) throw new Error(`there is no key ${name}`);
    judgements.push({ key, problem, source });
  };
  judgeTogether(config, refuse);
  judgeLimits(config, refuse);
  if (config.env === 'production') judgeProduction(config, all, refuse);
  return judgements;
}

const CLASSES = Object.keys(LIMIT_CLASSES);

function judgeTogether({ keys, admin, runs }: Config, refuse: Refuse): void {
  if (keys.source === 'env' && keys.kek === null) refuse('keys.kek', 'missing: keys.source is env');
  if (keys.source === 'file' && keys.kek !== null)
    refuse('keys.kek', 'set, but keys.source is file: remove one of them');
  if (admin.email !== null && admin.password === null) refuse('admin.password', 'missing: admin.email is set');
  if (admin.email === null && admin.password !== null) refuse('admin.email', 'missing: admin.password is set');
  if (runs.delta_min_ms > runs.delta_max_ms) refuse('runs.delta_min_ms', 'expected at most runs.delta_max_ms');
}

/** A limit for a class that there is not would limit nothing. */
function judgeLimits({ limits }: Config, refuse: Refuse): void {
  const unknown = Object.keys(limits.classes).filter((name) => !isLimitClass(name));
  for (const name of unknown) {
    refuse('limits.classes', `names a class that there is not; the nearest is ${nearest(name, CLASSES)}`);
  }
}
