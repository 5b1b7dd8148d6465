import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import type { Browser, Locator } from 'playwright-core';
import { ParleyClient } from '../support/nodes/client.js';
import { ParleyNode } from '../support/nodes/parley-node.js';
import { describeInBrowser, WatchedPage } from './browser.factory.js';

const CODE_OF_ANSWER = '.live-responses-table tbody .response-col_status';
const idIn = (text: string): string => /"session_id": "(ses_\w+)"/.exec(text)?.[1] ?? '';
const BODY_OF_ANSWER = '.live-responses-table .response-col_description .highlight-code pre';

/** The pages that describe the interface, as a reader sees them: in a browser that enforces our policy. */
describeInBrowser('the pages of the documentation', (open) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-pages-'));
  const nodes: Record<string, ParleyNode> = {};
  let browser: Browser;
  let database: TestDatabase;
  let watched: WatchedPage;

  beforeAll(async () => {
    database = await openTestDatabase();
    const production = {
      PARLEY_ENV: 'production',
      PARLEY_KEK: randomBytes(32).toString('base64'),
      PARLEY__HTTP__ALLOWED_HOSTS: '127.0.0.1',
      DATABASE_URL: database.appUrl,
      DATABASE_MIGRATION_URL: database.ownerUrl,
    };
    const development = { PARLEY_ENV: 'development', PARLEY__MODELS__DISCOVER_OLLAMA: 'false' };
    for (const [name, env] of Object.entries({ development, production })) {
      nodes[name] = await ParleyNode.start({ env: { PARLEY_DATA_DIR: join(dataDir, name), ...env } });
    }
    browser = await open();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    for (const node of Object.values(nodes)) await node.stop();
    await database?.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    watched = await WatchedPage.open(browser);
  });
  afterEach(() => watched.close());

  const urlOf = (name: string): string => nodes[name]?.url ?? '';

  describe.each(['development', 'production'])('in %s', (name) => {
    it.each([
      ['/docs', '.opblock-summary-path', '/api/v1/chat/sessions'],
      ['/redoc', 'h2', 'Make an account'],
      ['/api/v1/docs', '.opblock-summary-path', '/api/v1/chat/sessions'],
      ['/api/v1/redoc', 'h2', 'Make an account'],
    ])('%s shows the operations, breaks no policy and asks nobody else', async (path, place, text) => {
      const answer = await watched.page.goto(urlOf(name) + path);
      expect(answer?.headers()['content-security-policy']).toMatch(/script-src 'self' 'nonce-[^']+';/);
      await watched.page.locator(place).filter({ hasText: text }).first().waitFor();
      await watched.page.waitForLoadState('networkidle');
      expect(watched.complaints).toEqual([]);
      expect(watched.origins).toEqual([urlOf(name)]);
    });
  });

  it('/redoc styles what it shows: the policy lets its own styles through', async () => {
    await watched.page.goto(`${urlOf('production')}/redoc`);
    await watched.page.locator('.menu-content').waitFor();
    const position = await watched.page.evaluate('getComputedStyle(document.querySelector(".menu-content")).position');
    expect(position).toBe('sticky');
  });

  it('a script that got into the page by a hole is not run, and the browser says so', async () => {
    await watched.page.goto(`${urlOf('production')}/docs`);
    await watched.page.evaluate(`{
      const script = document.createElement('script');
      script.textContent = 'window.stolen = true';
      document.body.append(script);
    }`);
    expect(await watched.page.evaluate('window.stolen')).toBeUndefined();
    expect(watched.complaints.join()).toContain('refused by script-src');
  });

  it('“Try it out” on /docs takes a token and holds a turn, with the bodies that it offers', async () => {
    const { token } = await ParleyClient.register(urlOf('development'));
    await watched.page.goto(`${urlOf('development')}/docs`);
    await authorize(token ?? '');
    const session = await tryOut('Sessions-Sessions_create', '201', () => Promise.resolve());
    // Swagger UI asks for what the first answer in the document promises: the stream.
    const turn = await tryOut('Messages-Chat_send', '200', async (block) => {
      await block.locator('tr[data-param-name="session_id"] input').fill(idIn(session));
    });
    expect(turn).toMatch(/^event: message\.created\ndata: .*"content":"What is an append-only log\?"/m);
    expect(turn).toMatch(/^event: delta\ndata: .*"offset":0,/m);
    expect(turn).toMatch(/^event: run\.completed$/m);
    expect(watched.complaints).toEqual([]);
    expect(watched.origins).toEqual([urlOf('development')]);
  }, 60_000);

  it('“Try it out” without a token is told to sign in', async () => {
    await watched.page.goto(`${urlOf('development')}/docs`);
    const problem = await tryOut('Sessions-Sessions_list', '401', () => Promise.resolve());
    expect(problem).toContain('"code": "UNAUTHENTICATED"');
  });

  async function authorize(token: string): Promise<void> {
    await watched.page.getByRole('button', { name: 'Authorize' }).click();
    const dialog = watched.page.locator('.dialog-ux');
    await dialog.locator('input').fill(token);
    await dialog.getByRole('button', { name: 'Apply credentials' }).click();
    await dialog.getByRole('button', { name: 'Close' }).first().click();
  }

  /** Executes one operation from its form and gives back the answer as the page shows it. */
  async function tryOut(id: string, status: string, fill: (block: Locator) => Promise<unknown>): Promise<string> {
    const block = watched.page.locator(`#operations-${id}`);
    await block.locator('.opblock-summary').click();
    await block.getByRole('button', { name: 'Try it out' }).click();
    await fill(block);
    await block.getByRole('button', { name: 'Execute' }).click();
    const code = await block.locator(CODE_OF_ANSWER).innerText();
    const shown = await block.locator(BODY_OF_ANSWER).first().innerText();
    if (code.trim() !== status) throw new Error(`expected ${status}, the page shows ${code}: ${shown}`);
    return shown;
  }
});
