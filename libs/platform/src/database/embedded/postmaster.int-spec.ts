import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTestServer, runDirectory } from '../../testing/test-cluster.js';
import { prepareBinaries } from './postgres-binaries.js';
import { stopServer } from './postmaster.js';
import { letThrough, serverIdentity } from './server-identity.js';

/** Takes one connection at the path of its argument, and is killed before it has read anything. */
const DYING = `
  const taken = () => process.kill(process.pid, 'SIGKILL');
  require('node:net').createServer(taken).listen(process.argv[1], () => console.log('listening'));
`;

describe('the server of a cluster', () => {
  it('is started where the one that was asked dies between the call and its first word', async () => {
    const identity = serverIdentity();
    const directory = await runDirectory();
    const home = await mkdtemp(join(directory, 'dying-'));
    await letThrough(home, identity);
    const binaries = await prepareBinaries(directory, identity);
    const server = await makeTestServer({ home, binaries, identity, port: 5432, settings: ['fsync=off'] });
    const dying = spawn(process.execPath, ['-e', DYING, join(home, 'socket', '.s.PGSQL.5432')]);
    await once(dying.stdout, 'data');

    const asked = server.connectAsSuperuser();
    // In the same turn of the event loop: the line is open, and nothing has been written when its other end has gone.
    execFileSync('sh', ['-c', `until grep -q '^State:.Z' /proc/${dying.pid}/status; do sleep 0.01; done`]);

    const superuser = await asked;
    expect((await superuser.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await superuser.end();
    await stopServer(home);
  });
});
