import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeOnPostgresServer, describeOnRedis } from '@parley/platform/testing';
import { Arrangement, type ArrangementOptions, Crowd, isDeep, Random, suiteSeed } from '../support/ledger/index.js';

/** 12 rounds in all; with PARLEY_TEST_DEEP=1, or as many as asked for, for the record. */
const ROUNDS_EACH = Number(process.env['PARLEY_TEST_CHAOS_ROUNDS'] ?? (isDeep ? '60' : '12')) / 3;
const CROWD = { users: 2, sessionsEach: 2, messagesEach: 4 };
const seed = suiteSeed();

/** Something that goes wrong, and is over when it resolves. */
type Calamity = (place: Arrangement, crowd: Crowd, random: Random) => Promise<void>;

const killNode: Calamity = async (place, _crowd, random) => {
  const n = random.between(0, place.urls.length - 1);
  await place.node(n).kill();
  await sleep(random.between(0, 500));
  await place.restart(n);
};

const killNodeAndDatabase: Calamity = async (place) => {
  await Promise.all([place.node(0).kill(), killEmbedded(place.postgresOf(0))]);
  await place.restart(0);
};

const killDatabase: Calamity = (place) => killEmbedded(place.postgresOf(0));

const restartServer: Calamity = async (place, _crowd, random) => {
  await place.server?.kill();
  await sleep(random.between(0, 1000));
  await place.server?.restart();
};

const cutLines: Calamity = async (_place, crowd, random) => {
  for (let times = random.between(1, 4); times > 0; times -= 1) {
    crowd.cut();
    await sleep(random.between(50, 600));
  }
};

const killRedis: Calamity = async (place, _crowd, random) => {
  await place.redis?.kill();
  await sleep(random.between(200, 2500));
  await place.redis?.restart();
};

const killRedisAndNode: Calamity = async (place, crowd, random) => {
  await Promise.all([killRedis(place, crowd, random), killNode(place, crowd, random)]);
};

describeChaos(
  'one node on the embedded database',
  { nodes: 1 },
  { killNode, killNodeAndDatabase, killDatabase, cutLines },
);

describeOnPostgresServer('chaos on a server', () => {
  describeChaos('one node', { nodes: 1, server: true }, { killNode, cutLines, restartServer });

  describeOnRedis('with Redis', () => {
    const calamities = { killNode, killRedis, cutLines, killRedisAndNode };
    describeChaos('two nodes', { nodes: 2, server: true, redis: true }, calamities);
  });
});

function describeChaos(name: string, options: ArrangementOptions, calamities: Record<string, Calamity>): void {
  describe(`${name} (PARLEY_TEST_SEED=${seed})`, () => {
    const kinds = Object.entries(calamities);
    let place: Arrangement;
    beforeAll(async () => {
      place = await Arrangement.start({ ...options, env: { PARLEY__LIMITS__ENABLED: 'false' } });
    }, 120_000);
    afterAll(() => place.stop(), 60_000);

    for (let round = 0; round < ROUNDS_EACH; round += 1) {
      const [kind, calamity] = kinds[round % kinds.length] ?? ['cutLines', cutLines];
      it(`keeps every promise through ${kind}, round ${round + 1}`, async () => {
        const random = new Random(seed + round);
        const crowd = await Crowd.gather(() => place.urls, CROWD, random);
        try {
          const spoken = crowd.speak(CROWD.messagesEach);
          await sleep(random.between(100, 1500));
          await calamity(place, crowd, random);
          await spoken;
          await place.recover();
          expect(await crowd.settle()).toEqual([]);
          expect(crowd.tally).toMatchObject({ acknowledged: CROWD.users * CROWD.sessionsEach * CROWD.messagesEach });
        } finally {
          await crowd.leave();
        }
      }, 180_000);
    }
  });
}

/** SIGKILL to the embedded server and all its processes. */
async function killEmbedded(pgdata: string): Promise<void> {
  const pid = Number.parseInt(await readFile(join(pgdata, 'postmaster.pid'), 'utf8'), 10);
  const children = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' }).stdout;
  const pids = [pid, ...children.split('\n').map(Number)].filter((one) => one > 0);
  spawnSync('kill', ['-9', ...pids.map(String)]);
}
