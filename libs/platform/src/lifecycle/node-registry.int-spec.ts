import { Logger } from '@nestjs/common';
import { openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import pg from 'pg';
import { configSchema } from '../config/index.js';
import { Drain } from './drain.js';
import { NodeId, type NodeRole } from './node-id.js';
import { NodeRegistry } from './node-registry.js';
import { NodesRepository } from './nodes.repository.js';

describe('NodeRegistry', () => {
  let test: TestDatabase;
  const started: NodeRegistry[] = [];
  beforeAll(async () => {
    Logger.overrideLogger(false);
    test = await openTestDatabase();
  });
  afterEach(async () => {
    for (const registry of started.splice(0)) await registry.leave();
    await test.pool.query('delete from nodes');
  });
  afterAll(() => test.close());

  async function asOwner(text: string): Promise<void> {
    const owner = new pg.Client({ connectionString: test.ownerUrl });
    await owner.connect();
    await owner.query(text);
    await owner.end();
  }

  async function start(role: NodeRole): Promise<{ node: NodeId; registry: NodeRegistry; drain: Drain }> {
    const node = new NodeId(role, '1.2.3');
    const drain = new Drain(configSchema.parse({}));
    const registry = new NodeRegistry(node, new NodesRepository(test.database), drain);
    await registry.onApplicationBootstrap();
    started.push(registry);
    return { node, registry, drain };
  }

  it('knows itself before it asked anybody, and the others after', async () => {
    const alone = new NodeId('api', '1.2.3');
    const silent = new NodeRegistry(alone, new NodesRepository(test.database), new Drain(configSchema.parse({})));
    expect(silent.live()).toEqual([{ id: alone.value, role: 'api', version: '1.2.3', startedAt: alone.startedAt }]);
    expect(silent.serving).toBe(1);

    const first = await start('api');
    const second = await start('worker');
    const third = await start('api');
    expect(third.registry.live().map(({ id }) => id)).toEqual([first, second, third].map(({ node }) => node.value));
    expect(third.registry.live().map(({ role }) => role)).toEqual(['api', 'worker', 'api']);
    expect(third.registry.live()[0]?.startedAt).toEqual(first.node.startedAt);
    expect(third.registry.serving).toBe(2);
  });

  it('beats every two seconds: the others come to know who came later and who left', async () => {
    const first = await start('api');
    const second = await start('api');
    expect(first.registry.serving).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 2300));
    expect(first.registry.serving).toBe(2);
    await second.drain.run();
    await new Promise((resolve) => setTimeout(resolve, 2300));
    expect(first.registry.serving).toBe(1);
    const { rows } = await test.pool.query('select id from nodes');
    expect(rows).toEqual([{ id: first.node.value }]);
  });

  it('does not count a node that has been silent for seven seconds, and forgets it after a minute', async () => {
    const insert = "insert into nodes values ($1, 'api', '1', now(), now() - make_interval(secs => $2))";
    await test.pool.query(insert, ['nod_fresh', 3]);
    await test.pool.query(insert, ['nod_silent', 10]);
    await test.pool.query(insert, ['nod_dead', 61]);
    const { registry } = await start('api');
    expect(registry.serving).toBe(2);
    const { rows } = await test.pool.query('select id from nodes order by id');
    expect(rows.map(({ id }) => id)).not.toContain('nod_dead');
    expect(rows.map(({ id }) => id)).toContain('nod_silent');
  });

  it('keeps what it knew while the database is away', async () => {
    await start('api');
    const { registry } = await start('api');
    await asOwner('alter table nodes rename to nodes_away');
    await new Promise((resolve) => setTimeout(resolve, 2300));
    expect(registry.serving).toBe(2);
    await asOwner('alter table nodes_away rename to nodes');
  });

  it('does not list commands', async () => {
    await start('cli');
    const { registry } = await start('api');
    expect(registry.live()).toHaveLength(1);
  });
});
