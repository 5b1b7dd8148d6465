import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@parley/platform/testing';
import { ParleyNode } from '../support/nodes/parley-node.js';
import { ROOT } from '../support/root.js';
import { readPage, testedBlocks } from './markdown.factory.js';
import { compileTypeScript } from './typescript.factory.js';

const blockOf = (page: string, name: string): string =>
  testedBlocks(readPage(page)).find((block) => block.name === name)?.code ?? '';

/**
 * What a program around an example does: signs in for each token, says what it sees, and does as it is told on
 * standard input: `say`, `sign out` (of every login, the one under way too), `delete` the session.
 */
const AROUND = `
import { createInterface } from 'node:readline';
const http = async (method, path, body, bearer) => {
  const response = await fetch(process.env.API + path, {
    method,
    headers: { 'Content-Type': 'application/json', ...(bearer && { Authorization: 'Bearer ' + bearer }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return response.status === 204 ? null : response.json();
};
const account = { email: process.env.NAME + '@example.com', password: 'correct-horse-battery' };
await http('POST', '/auth/register', account);
const signIn = async () => {
  const { access_token } = await http('POST', '/auth/login', account);
  console.log('token');
  return access_token;
};
const session = (await http('POST', '/chat/sessions', {}, await signIn())).session_id;
const seen = ({ seq, type }) => console.log(seq, type);
const orders = {
  say: async () => http('POST', '/chat/sessions/' + session + '/messages', { content: 'The ferry leaves at nine.' }, await signIn()),
  'sign out': async () => http('POST', '/auth/logout', { everywhere: true }, await signIn()),
  delete: async () => http('DELETE', '/chat/sessions/' + session, undefined, await signIn()),
};
createInterface({ input: process.stdin }).on('line', (line) => orders[line]());
`;

const SOCKET = `${AROUND}
follow(process.env.API.replace('/api/v1', ''), session, signIn, seen).on('connect', () => console.log('connected'));
`;

const STREAM = `${AROUND}
for await (const event of follow(session, signIn)) seen(event);
console.log('the session is gone');
process.exit(0);
`;

/** A program that stays, and what it has printed. */
class Client {
  private output = '';
  private readonly child: ChildProcess;

  constructor(file: string, env: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, [file], { cwd: ROOT, env: { PATH: process.env['PATH'] ?? '', ...env } });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        this.output += bytes.toString();
      });
    }
  }

  tell(order: string): void {
    this.child.stdin?.write(`${order}\n`);
  }

  /** Waits until as many lines are as the pattern says. @throws Error with all that was printed, after 30 s */
  async heard(line: RegExp, times: number): Promise<void> {
    const until = Date.now() + 30_000;
    while ((this.output.match(line)?.length ?? 0) < times) {
      if (Date.now() > until) throw new Error(`not ${times} times ${line}:\n${this.output}`);
      await sleep(50);
    }
  }

  get seqs(): number[] {
    return [...this.output.matchAll(/^(\d+) \S+$/gm)].map(([, seq]) => Number(seq));
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill();
    await gone;
  }
}

/** The examples for clients that stay: past the end of a login, a restart of the node, to the end of the session. */
describe('a client that stays', () => {
  const dir = mkdtempSync(join(tmpdir(), 'parley-clients-'));
  // Below the root, so that packages are found.
  const programs = join(ROOT, '.cache/doc-clients');
  const clients: Client[] = [];
  let env: Record<string, string>;
  let node: ParleyNode;

  beforeAll(async () => {
    mkdirSync(programs, { recursive: true });
    env = { PORT: String(await freePort()), PARLEY_DATA_DIR: dir };
    node = await ParleyNode.start({ env });
  });

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await node.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  function start(name: string, code: string): Client {
    const file = join(programs, `${name}.mjs`);
    writeFileSync(file, code);
    const client = new Client(file, { API: `${node.url}/api/v1`, NAME: name });
    clients.push(client);
    return client;
  }

  it.each([
    ['streams-and-sockets.md', 'socket', () => blockOf('docs/guide/streams-and-sockets.md', 'staying') + SOCKET],
    ['typescript.md', 'stream', () => compileTypeScript(blockOf('docs/guide/typescript.md', 'typescript')) + STREAM],
  ])(
    '%s: misses nothing, and hears nothing twice',
    async (_page, name, program) => {
      const client = start(name, program());
      client.tell('say');
      await client.heard(/run\.completed/g, 1);
      client.tell('sign out');
      await client.heard(/^token$/gm, 5);
      client.tell('say');
      await client.heard(/run\.completed/g, 2);
      await node.stop();
      node = await ParleyNode.start({ env });
      client.tell('say');
      await client.heard(/run\.completed/g, 3);
      expect(client.seqs).toEqual(client.seqs.map((_, index) => index + 1));
      client.tell('delete');
      if (name === 'stream') await client.heard(/^the session is gone$/gm, 1);
    },
    120_000,
  );
});
