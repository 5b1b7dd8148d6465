import { Registry } from 'prom-client';
import { type Config, configSchema } from '../config/index.js';
import type { Database } from '../database/index.js';
import { AppError } from '../errors/index.js';
import type { NodeRegistry } from '../lifecycle/index.js';
import { Metrics } from '../observability/index.js';
import { LimitStores } from './limit-stores.js';
import { Limiter } from './limiter.js';

export interface TestLimiter {
  readonly limiter: Limiter;
  readonly stores: LimitStores;
  readonly metrics: Metrics;
}

export interface TestLimiterParts {
  readonly config?: object;
  readonly database?: Database;
  readonly nodes?: Pick<NodeRegistry, 'serving'>;
}

/** A limiter of its own, as one node has it. */
export async function openLimiter({ config = {}, database, nodes }: TestLimiterParts = {}): Promise<TestLimiter> {
  const parsed: Config = configSchema.parse(config);
  const metrics = new Metrics(new Registry());
  const stores = new LimitStores(parsed, database, nodes);
  await stores.onModuleInit();
  return { limiter: new Limiter(parsed, stores, metrics), stores, metrics };
}

export interface Tally {
  readonly passed: number;
  readonly refusals: readonly AppError[];
}

/** Makes so many calls, one after the other, and tells them apart. */
export async function tally(calls: number, call: () => Promise<unknown>): Promise<Tally> {
  const refusals: AppError[] = [];
  for (let made = 0; made < calls; made += 1) {
    try {
      await call();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      refusals.push(error);
    }
  }
  return { passed: calls - refusals.length, refusals };
}
