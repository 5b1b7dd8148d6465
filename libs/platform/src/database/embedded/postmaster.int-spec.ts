import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initialiseOnce } from './initialise.js';
import { choosePlace } from './place.js';
import { prepareBinaries } from './postgres-binaries.js';
import { connectOrStart, stopServer } from './postmaster.js';
import { readOrMakeSecrets } from './secrets.js';

/** Takes one connection at the path of its argument, and is killed before it has read anything. */
const DYING = `
  const taken = () => process.kill(process.pid, 'SIGKILL');
  require('node:net').createServer(taken).listen(process.argv[1], () => console.log('listening'));
`;

describe('connectOrStart', () => {
  let base: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'parley-postmaster-'));
    await chmod(base, 0o755);
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  it('starts a server where the one that was asked dies between the call and its first word', async () => {
    const place = await choosePlace(join(base, 'data'));
    const { postgres: superuserPassword } = await readOrMakeSecrets(place.home);
    const binaries = await prepareBinaries(place.home, place.identity);
    const plan = { ...place, binaries, port: 5432, settings: ['fsync=off'], superuserPassword };
    await initialiseOnce(plan);
    const dying = spawn(process.execPath, ['-e', DYING, join(place.socketDirectory, '.s.PGSQL.5432')]);
    await once(dying.stdout, 'data');

    const asked = connectOrStart(plan);
    // In the same turn of the event loop: the line is open, and nothing has been written when its other end has gone.
    execFileSync('sh', ['-c', `until grep -q '^State:.Z' /proc/${dying.pid}/status; do sleep 0.01; done`]);

    const superuser = await asked;
    expect((await superuser.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await superuser.end();
    await stopServer(place.home);
  });
});
