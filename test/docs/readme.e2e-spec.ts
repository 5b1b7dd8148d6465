import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@parley/platform/testing';
import { ParleyNode } from '../support/nodes/parley-node.js';
import { readPage, testedBlocks } from './markdown.factory.js';
import { Shell } from './shell.factory.js';

/** The README's conversation, pasted as it stands into a terminal beside a freshly started node. */
describe('the README', () => {
  const blocks = testedBlocks(readPage('README.md'));
  const named = (name: string) => blocks.filter((block) => block.name === name).map(({ code }) => code);
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-readme-'));
  let node: ParleyNode;
  let shell: Shell;

  beforeAll(async () => {
    const env = {
      PORT: String(await freePort()),
      PARLEY_ENV: 'development',
      PARLEY_DATA_DIR: dataDir,
      PARLEY__MODELS__DISCOVER_OLLAMA: 'false',
    };
    node = await ParleyNode.start({ env });
    shell = new Shell(env);
  });

  afterAll(async () => {
    await shell.close();
    await node.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('signs up, signs in and opens a session', async () => {
    expect(named('conversation')).toHaveLength(4);
    expect(await shell.paste(named('conversation')[0] ?? '')).toMatch(/^usr_\w{26}\n$/);
    expect(await shell.paste('echo $token $session')).toMatch(/^ey\S+\.\S+\.\S+ ses_\w{26}\n$/);
  });

  it('waits for an answer, and watches the next one come', async () => {
    const printed = await shell.paste(named('conversation')[1] ?? '');
    expect(printed).toMatch(/^I have read “The ferry to Aran leaves at nine\./);
    expect(printed).toMatch(/^event: delta\ndata: .*"offset":0,/m);
    expect(printed).toMatch(/^event: message\.created\ndata: .*- You: “The ferry to Aran leaves at nine\.”/m);
    expect(printed).toMatch(/^event: run\.completed$/m);
  });

  it('resumes after an event', async () => {
    const printed = await shell.paste(named('conversation')[2] ?? '');
    const seqs = [...printed.matchAll(/^id: (\d+)$/gm)].map(([, seq]) => Number(seq));
    expect(seqs.length).toBeGreaterThan(5);
    expect(seqs).toEqual(seqs.map((_, index) => 7 + index));
  });

  it('has the same conversation by socket', async () => {
    const printed = await shell.paste(named('conversation')[3] ?? '');
    expect(printed).toMatch(/^1 message\.created The ferry to Aran leaves at nine\./);
    expect(printed).toContain('- You: “Cars board half an hour earlier.”');
    expect(printed.trimEnd()).toMatch(/^\d+ run\.completed $/m);
  });

  it('loses nothing when it is killed in the middle of an answer', async () => {
    await node.stop();
    const [block] = named('kill');
    expect(block).toContain('kill -9');
    const printed = await shell.paste(block ?? '');
    expect(printed).toMatch(/"offset":0,"text":"one/);
    expect(printed).toMatch(/^assistant, partial: one( \w+)* ?\nuser, complete: Count to seven\.$/m);
    expect(printed).not.toContain('seven"');
    // The last process has left in order: it took the embedded server with it.
    expect(existsSync(join(dataDir, 'postgres/pgdata/PG_VERSION'))).toBe(true);
    expect(existsSync(join(dataDir, 'postgres/pgdata/postmaster.pid'))).toBe(false);
  }, 120_000);
});
