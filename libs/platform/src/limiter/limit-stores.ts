import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit, Optional } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { CompiledQuery } from 'kysely';
import { BurstyRateLimiter, RateLimiterPostgres, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import { CONFIG, type Config } from '../config/index.js';
import { Database, NO_ORGANISATION } from '../database/index.js';
import { NodeRegistry } from '../lifecycle/index.js';
import { MemoryLimiter } from './memory-limiter.js';
import { SharedLimiter } from './shared-limiter.js';

export interface CountedRule {
  /** Distinguishes this counter from all others in the same store. */
  readonly name: string;
  readonly limit: number;
  readonly perSeconds: number;
  readonly burst?: number;
}

/** Counts one rule. Rejects with a `RateLimiterRes` when the limit is reached. */
export interface Counter {
  consume(key: string): Promise<RateLimiterRes>;
  /** Takes back one call that another rule of its class refused. */
  refund(key: string): Promise<unknown>;
}

/** A reserve of a token bucket is filled anew every so many periods. */
const RESERVE_PERIODS = 10;
/** After so much silence the connection counts as dead, so that calls no longer wait for it. */
const REDIS_SILENCE_MS = 1000;

/** Where limits are counted, and the only file that knows: database, Redis, or the memory of this process. */
@Injectable()
export class LimitStores implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(LimitStores.name);
  private readonly divided: Array<{ limiter: MemoryLimiter; whole: number }> = [];
  private redis: Redis | undefined;
  private nodes = 1;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Optional() private readonly database?: Database,
    @Optional() @Inject(NodeRegistry) private readonly registry?: Pick<NodeRegistry, 'serving'>,
  ) {}

  async onModuleInit(): Promise<void> {
    const { url } = this.config.redis;
    if (url === null) return;
    const { Redis: Client } = await import('ioredis');
    const redis = new Client(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      socketTimeout: REDIS_SILENCE_MS,
      connectTimeout: 2000,
      retryStrategy: (tries) => Math.min(tries * 100, 1000),
    });
    let away = false;
    redis.on('error', (error: Error) => {
      if (!away) this.logger.warn(`limits are counted in memory: Redis is away (${error.name})`);
      away = true;
    });
    redis.on('ready', () => {
      if (away) this.logger.log('limits are counted in Redis again');
      away = false;
    });
    this.redis = redis;
  }

  onApplicationShutdown(): void {
    this.redis?.disconnect();
  }

  /** Whether the shared store is away, so that each node counts its part in memory. */
  degraded(): boolean {
    return this.redis !== undefined && this.redis.status !== 'ready';
  }

  /** For limits that must hold over all nodes together, whatever else is away. */
  inDatabase(rule: CountedRule): Counter {
    if (this.database === undefined) return this.elsewhere(rule);
    const limiter = new RateLimiterPostgres({
      storeClient: queryableOf(this.database),
      storeType: 'pool',
      tableName: 'rate_limits',
      tableCreated: true,
      keyPrefix: rule.name,
      points: rule.limit,
      duration: rule.perSeconds,
      // Whoever has used up the window is refused without asking the database again.
      inMemoryBlockOnConsumed: rule.limit,
    });
    return {
      consume: (key) => limiter.consume(key),
      refund: async (key) => {
        await limiter.reward(key);
        limiter.deleteInMemoryBlockedAll();
      },
    };
  }

  /** For all others: in Redis where there is one, else this node's part in memory. */
  elsewhere(rule: CountedRule): Counter {
    if (rule.burst === undefined) {
      const limiter = this.window(rule);
      return { consume: (key) => limiter.consume(key), refund: (key) => limiter.reward(key) };
    }
    const perSecond = Math.max(1, Math.round(rule.limit / rule.perSeconds));
    const even = this.window({ name: `${rule.name}:even`, limit: perSecond, perSeconds: 1 });
    const reserve = this.window({
      name: `${rule.name}:reserve`,
      limit: Math.max(1, rule.burst - perSecond),
      perSeconds: RESERVE_PERIODS * rule.perSeconds,
    });
    const bucket = new BurstyRateLimiter(even, reserve);
    return { consume: (key) => bucket.consume(key), refund: (key) => even.reward(key) };
  }

  /** Keeps the parts of this node in step with the number of nodes. Cheap: called for every count. */
  divide(): void {
    const nodes = this.registry?.serving ?? 1;
    if (nodes === this.nodes) return;
    this.nodes = nodes;
    for (const { limiter, whole } of this.divided) limiter.points = part(whole, nodes);
  }

  private window(rule: CountedRule): MemoryLimiter {
    const own = { ...rule, limit: part(rule.limit, this.nodes) };
    const limiter = this.redis === undefined ? new MemoryLimiter(own) : new SharedLimiter(own, this.inRedis(rule));
    this.divided.push({ limiter, whole: rule.limit });
    return limiter;
  }

  private inRedis({ name, limit, perSeconds }: CountedRule): RateLimiterRedis {
    return new RateLimiterRedis({
      storeClient: this.redis,
      keyPrefix: `${this.config.redis.prefix}limit:${name}`,
      points: limit,
      duration: perSeconds,
      rejectIfRedisNotReady: true,
    });
  }
}

interface LimiterStatement {
  readonly text: string;
  readonly values?: readonly unknown[];
}

interface LimiterRows {
  readonly rows: readonly unknown[];
  readonly rowCount: number;
}

/** What the library takes for a pool. Counts need not outlive a crash of the database: nobody waits for its disk. */
function queryableOf(database: Database) {
  const query = ({ text, values = [] }: LimiterStatement): Promise<LimiterRows> =>
    database.as(
      NO_ORGANISATION,
      async (db) => {
        const { rows } = await db.executeQuery(CompiledQuery.raw(text, [...values]));
        return { rows, rowCount: rows.length };
      },
      { unsynced: true },
    );
  return { query };
}

const part = (whole: number, nodes: number): number => Math.max(1, Math.floor(whole / nodes));
