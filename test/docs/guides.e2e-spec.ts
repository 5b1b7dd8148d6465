import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '@parley/platform/testing';
import { ParleyNode } from '../support/nodes/parley-node.js';
import { ROOT } from '../support/root.js';
import { readPage, shownFiles, testedBlocks } from './markdown.factory.js';
import { pythonWithWebSockets } from './python.factory.js';
import { Shell } from './shell.factory.js';
import { compileTypeScript } from './typescript.factory.js';

/** Examples of a page, without those that need another one to run them. */
const blocksOf = (page: string, language = 'bash'): string[] =>
  testedBlocks(readPage(page)).flatMap((block) =>
    block.language === language && block.name !== 'override' ? [block.code] : [],
  );
const ADMIN = { email: 'ops@example.com', password: 'correct-horse-operators' };
const SCRAPER = 'a-token-for-scrapers';
const hasPython = spawnSync('python3', ['--version']).status === 0;
const pythonPath = hasPython ? pythonWithWebSockets() : undefined;

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
      PARLEY_ADMIN_EMAIL: ADMIN.email,
      PARLEY_ADMIN_PASSWORD: ADMIN.password,
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

  it('settings.md, as an administrator', async () => {
    const override = testedBlocks(readPage('docs/guide/settings.md')).find(({ name }) => name === 'override');
    const signIn = `$(curl -s $api/auth/login -H "$json" -d '${JSON.stringify(ADMIN)}' | pick access_token)`;
    await shell.paste(`person=$auth; auth="Authorization: Bearer ${signIn}"`);
    const printed = await shell.paste(override?.code ?? '');
    expect(JSON.parse(printed)).toMatchObject({ settings: { temperature: 0.2 }, locked: ['model'], version: 1 });
    const back = `curl -s -w '%{http_code}' -X DELETE $api/admin/use-cases/basic_chat -H "$auth" -H 'If-Match: "1"'`;
    expect(await shell.paste(`${back}; echo; auth=$person`)).toBe('204\n');
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
    const named = [...page.matchAll(/`((?:parley|gen_ai_client|nodejs)_\w+)(?: [>=]+ [\d.]+)?`/g)].map(
      ([, name]) => name,
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !offered.includes(`# TYPE ${name} `))).toEqual([]);
  });

  it('typescript.md', () => {
    const file = join(dir, 'guide.mjs');
    writeFileSync(file, compileTypeScript(blocksOf('docs/guide/typescript.md', 'ts').join('')));
    const printed = run(process.execPath, [file]);
    expect(printed).toMatch(/^- You: “The museum opens at ten and closes at six\.”$/m);
    expect(printed).toMatch(/^1 message\.created The museum opens/m);
  });

  it('typescript.md is typed, and its client can be generated', async () => {
    const program = blocksOf('docs/guide/typescript.md', 'ts').join('');
    const [generate = ''] = blocksOf('docs/guide/typescript.md');
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
    const [program = ''] = blocksOf('docs/guide/python.md', 'python');
    const printed = run('python3', ['-c', program]);
    expect(printed).toMatch(/^- You: “The lighthouse was built in 1881 and is 34 metres high\.”$/m);
    expect(printed).toMatch(/^\d+ run\.completed$/m);
  });

  (pythonPath === undefined ? it.skip : it)('python.md by WebSocket (needs python3 and pip)', () => {
    const program = blocksOf('docs/guide/python.md', 'python').join('');
    const more = ['The tower has 198 steps.', 'How many steps has the tower?']
      .map((text) => `print("---", asyncio.run(talk(session, token, "${text}")))`)
      .join('\n');
    const printed = run('python3', ['-c', `${program}\n${more}`], { PYTHONPATH: pythonPath ?? '' });
    // Each time the answer to this message, not to an earlier one. The title of the session may come in between.
    const [first, second, third] = printed.split('\n--- ');
    expect(first).toMatch(/run\.completed\n(?:\d+ session\.updated\n)?.*\n\n- You: “The lighthouse was built in 1881/);
    expect(second).toMatch(/^I have read “The tower has 198 steps\.”/);
    expect(third).toContain('- You: “The tower has 198 steps.”');
  });

  async function pasteAll(page: string): Promise<string[]> {
    const printed: string[] = [];
    for (const block of blocksOf(page)) printed.push(await shell.paste(block));
    return printed;
  }

  /** Runs a program to its end. @throws Error with what it printed, when it fails */
  function run(command: string, args: string[], more: Readonly<Record<string, string>> = {}): string {
    const env = { PATH: process.env['PATH'] ?? '', API: api, ...more };
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, env, encoding: 'utf8', timeout: 60_000 });
    if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}${stderr}`);
    return stdout;
  }
});
