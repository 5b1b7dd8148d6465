import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  freePort,
  openTestDatabase,
  openTestPostgres,
  openTestRedis,
  type TestDatabase,
  type TestPostgres,
  type TestRedis,
} from '@parley/platform/testing';
import { FakeModel } from '../fake-model/index.js';
import { ParleyNode } from '../nodes/parley-node.js';
import { scriptAnswers } from './script.js';

const RECOVERY_MS = 60_000;

type Environment = Readonly<Record<string, string>>;

export interface ArrangementOptions {
  readonly nodes: number;
  /** Without: the embedded database, one node. */
  readonly server?: boolean;
  readonly redis?: boolean;
  /** Over what every node of the arrangement gets. */
  readonly env?: Environment;
  /** Over that, by node. */
  readonly envOf?: (node: number) => Environment;
}

interface Slot {
  readonly env: Environment;
  node: ParleyNode;
}

/** Nodes of the built program with all that they stand on, each of which can be killed and started again. */
export class Arrangement {
  private constructor(
    private readonly slots: readonly Slot[],
    private readonly dataDirs: readonly string[],
    readonly model: FakeModel,
    readonly database: TestDatabase | undefined,
    readonly server: TestPostgres | undefined,
    readonly redis: TestRedis | undefined,
  ) {}

  static async start(options: ArrangementOptions): Promise<Arrangement> {
    const model = scriptAnswers(await FakeModel.start());
    const server = options.server === true ? await openTestPostgres() : undefined;
    const database = server === undefined ? undefined : await openTestDatabase({ server });
    const redis = options.redis === true ? await openTestRedis() : undefined;
    const kek = randomBytes(32).toString('base64');
    const slots: Slot[] = [];
    const dataDirs: string[] = [];
    for (let n = 0; n < options.nodes; n += 1) {
      const dataDir = await mkdtemp(join(tmpdir(), 'parley-node-'));
      dataDirs.push(dataDir);
      const env = {
        PORT: String(await freePort()),
        PARLEY_DATA_DIR: dataDir,
        PARLEY_KEK: kek,
        OPENAI_BASE_URL: model.url,
        PARLEY_MODEL: 'openai:fake-1',
        PARLEY__RUNS__LEASE_SECONDS: '2',
        ...(database === undefined ? {} : { DATABASE_URL: database.appUrl, DATABASE_MIGRATION_URL: database.ownerUrl }),
        ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
        ...options.env,
        ...options.envOf?.(n),
      };
      slots.push({ env, node: await ParleyNode.start({ env }) });
    }
    return new Arrangement(slots, dataDirs, model, database, server, redis);
  }

  get urls(): readonly string[] {
    return this.slots.map(({ node }) => node.url);
  }

  url(n: number): string {
    return this.node(n).url;
  }

  node(n: number): ParleyNode {
    return this.slot(n).node;
  }

  /** Starts a node that has gone, at its old address. */
  async restart(n: number): Promise<void> {
    const slot = this.slot(n);
    slot.node = await ParleyNode.start({ env: slot.env });
  }

  /** Waits until every node says that it can serve again. */
  async recover(): Promise<void> {
    const until = Date.now() + RECOVERY_MS;
    for (const { node } of this.slots) {
      while (!(await isReady(node.url))) {
        if (Date.now() > until) throw new Error(`a node does not recover:\n${node.log.slice(-4000)}`);
        await sleep(100);
      }
    }
  }

  /** Folder of the embedded database of a node. */
  postgresOf(n: number): string {
    return join(this.dataDirs[n] ?? '', 'postgres', 'pgdata');
  }

  async stop(): Promise<void> {
    await Promise.all(this.slots.map(({ node }) => node.stop()));
    await this.redis?.close();
    await this.database?.close();
    await this.server?.close();
    await this.model.stop();
    for (const dataDir of this.dataDirs) await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }

  private slot(n: number): Slot {
    const slot = this.slots[n];
    if (slot === undefined) throw new Error(`there is no node ${n}`);
    return slot;
  }
}

function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}
