import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '@parley/platform/testing';
import { transformSync } from '@swc/core';
import { ParleyNode } from '../support/nodes/parley-node.js';
import { ROOT, readPage, shownFiles, testedBlocks } from './markdown.factory.js';
import { Shell } from './shell.factory.js';

const blocksOf = (page: string): string[] => testedBlocks(readPage(page)).map(({ code }) => code);
const SCRAPER = 'a-token-for-scrapers';
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** The examples of the guides, run as they stand after the README's first steps. */
describe('the guides', () => {
  const dir = mkdtempSync(join(tmpdir(), 'parley-guides-'));
  let node: ParleyNode;
  let shell: Shell;
  let api: string;

  beforeAll(async () => {
    for (const { path, content } of shownFiles(readPage('docs/guide/settings.md'))) {
      const file = join(dir, 'use-cases', path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    const env = {
      PORT: String(await freePort()),
      PARLEY_ENV: 'development',
      PARLEY_DATA_DIR: join(dir, 'data'),
      PARLEY__USE_CASES__DIR: join(dir, 'use-cases'),
      PARLEY__MODELS__DISCOVER_OLLAMA: 'false',
      PARLEY__METRICS__TOKEN: SCRAPER,
    };
    node = await ParleyNode.start({ env });
    api = `${node.url}/api/v1`;
    shell = new Shell(env);
    const [signUp = '', talk = ''] = blocksOf('README.md');
    await shell.paste(signUp);
    await shell.paste(talk);
  });

  afterAll(async () => {
    await shell.close();
    await node.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('rest.md', async () => {
    const [tokens, sessions, messages, judged, refused] = await pasteAll('docs/guide/rest.md');
    expect(tokens).toBe('you@example.com\n');
    expect(sessions).toMatch(
      /^.+\nconcise\n\{"items":\[\{"session_id":"ses_\w+","message_count":4\}\],"next_cursor":null\}/,
    );
    expect(messages).toContain('- You: “Cars board half an hour earlier.”');
    expect(judged).toBe('up\ncomplete\ntrue\n204\n');
    expect(refused).toContain('temperature');
  });

  it('streams-and-sockets.md', async () => {
    const [resumed, bySocketIo, byWebSocket] = await pasteAll('docs/guide/streams-and-sockets.md');
    expect(resumed).toMatch(/^id: 5\nevent: /);
    expect(bySocketIo).toContain('- You: “Cars board half an hour earlier.”');
    expect(byWebSocket).toMatch(/^ack $/m);
    expect(byWebSocket).toMatch(/^response This bears on your message:/m);
  });

  it('settings.md, with a deployment’s own files', async () => {
    const [perTurn, own] = await pasteAll('docs/guide/settings.md');
    expect(perTurn).toBe('Analyst\n');
    expect(own).toBe('ship_log\n2000\n');
  });

  it('settings.md tells of every setting, and of no other', async () => {
    const schema = await shell.paste('curl -s $api/chat/use-cases/basic_chat -H "$auth"');
    const { properties } = JSON.parse(schema).settings_schema;
    const { text_chat: nested, ...flat } = properties;
    const page = readPage('docs/guide/settings.md');
    const rows = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(rows.sort()).toEqual(Object.keys(flat).sort());
    expect(Object.keys(nested.properties).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('operations.md names metrics that there are', async () => {
    const response = await fetch(`${node.url}/metrics`, { headers: { Authorization: `Bearer ${SCRAPER}` } });
    const offered = await response.text();
    const page = readPage('docs/operations.md');
    const named = [...page.matchAll(/`((?:parley|gen_ai|nodejs)_\w+)(?: [>=]+ [\d.]+)?`/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !offered.includes(`# TYPE ${name} `))).toEqual([]);
  });

  it('typescript.md', () => {
    const [program = ''] = blocksOf('docs/guide/typescript.md');
    const { code } = transformSync(program, {
      swcrc: false,
      module: { type: 'es6' },
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    });
    const file = join(dir, 'guide.mjs');
    writeFileSync(file, code);
    const printed = run(process.execPath, [file]);
    expect(printed).toMatch(/^- You: “The museum opens at ten and closes at six\.”$/m);
    expect(printed).toMatch(/^1 message\.created The museum opens/m);
  });

  it('typescript.md is typed, and its client can be generated', async () => {
    const [program = '', generate = ''] = blocksOf('docs/guide/typescript.md');
    const folder = join(ROOT, '.cache/typescript-guide');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'guide.ts'), `${program}\nexport {};\n`);
    const options = ['--ignoreConfig', '--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext'];
    const compiler = join(ROOT, 'node_modules/typescript7/bin/tsc');
    run(process.execPath, [compiler, ...options, '--types', 'node', '--skipLibCheck', join(folder, 'guide.ts')]);
    expect(await shell.paste(generate)).toContain('Done!');
  }, 120_000);

  (hasPython ? it : it.skip)('python.md (needs python3)', () => {
    const [program = ''] = blocksOf('docs/guide/python.md');
    const printed = run('python3', ['-c', program]);
    expect(printed).toMatch(/^- You: “The lighthouse was built in 1881 and is 34 metres high\.”$/m);
    expect(printed).toMatch(/^\d+ run\.completed$/m);
  });

  async function pasteAll(page: string): Promise<string[]> {
    const printed: string[] = [];
    for (const block of blocksOf(page)) printed.push(await shell.paste(block));
    return printed;
  }

  /** Runs a program to its end. @throws Error with what it printed, when it fails */
  function run(command: string, args: string[]): string {
    const env = { PATH: process.env['PATH'] ?? '', API: api };
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, env, encoding: 'utf8', timeout: 60_000 });
    if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}${stderr}`);
    return stdout;
  }
});
