import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { freePort } from '@parley/platform/testing';
import type { Browser } from 'playwright-core';
import { ChatWorld, messagesOf } from '../journeys/chat-world.js';
import type { ParleyClient } from '../support/nodes/client.js';
import { describeInBrowser, WatchedPage } from './browser.factory.js';

const SCRIPT = join(createRequire(__filename).resolve('socket.io-client/package.json'), '../dist/socket.io.min.js');
const FILES: Readonly<Record<string, readonly [type: string, file: string]>> = {
  '/': ['text/html; charset=utf-8', join(__dirname, 'conversation.html')],
  '/socket.io.js': ['text/javascript', SCRIPT],
};
const ANSWER = ['The ', 'lamp ', 'is ', 'lit ', 'at ', 'dusk.'];

/** Somebody's front end, served on an origin of its own, as no other site may and as the listed one may. */
describeInBrowser('a front end on another origin', (open) => {
  let browser: Browser;
  let world: ChatWorld;
  let ada: ParleyClient;
  let session: string;
  let watched: WatchedPage;
  const sites: Server[] = [];
  let origins = { listed: '', stranger: '' };

  beforeAll(async () => {
    const [listed, stranger] = [await serveSite(), await serveSite()];
    sites.push(listed.server, stranger.server);
    origins = { listed: listed.origin, stranger: stranger.origin };
    world = await ChatWorld.open({ PARLEY__CORS__ORIGINS: listed.origin });
    world.model.always({ chunks: ANSWER, betweenMs: 40 });
    ada = await world.user();
    browser = await open();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await world?.close();
    for (const site of sites) site.close();
  });
  beforeEach(async () => {
    session = await world.session(ada);
    watched = await WatchedPage.open(browser);
  });
  afterEach(() => watched.close());

  /** Runs one of the page's functions with its facts; what it throws is its message. */
  const run = (name: string, content = 'When is the lamp lit?'): Promise<Record<string, unknown>> => {
    const facts = JSON.stringify({ api: ada.url, token: ada.token, session, content });
    return watched.page.evaluate(`${name}(${facts}).catch(({ message }) => ({ error: message }))`);
  };

  it('talks over Socket.IO by its defaults: from polling to WebSocket, streamed and stored alike', async () => {
    await watched.page.goto(origins.listed);
    const turn = await run('talkOverSocket');
    expect(turn).toEqual({ streamed: ANSWER.join(''), stored: ANSWER.join(''), transport: 'websocket' });
    const polled = watched.requests.filter((url) => url.searchParams.get('transport') === 'polling');
    expect(polled.length).toBeGreaterThan(0);
    expect(watched.complaints).toEqual([]);
  });

  it('reads an answer with fetch while it is being written, after the preflight that its headers need', async () => {
    await watched.page.goto(origins.listed);
    const turn = await run('talkOverFetch');
    expect(turn).toMatchObject({ streamed: ANSWER.join(''), stored: ANSWER.join('') });
    expect(Number(turn['arrivals'])).toBeGreaterThan(2);
    // Which answers a page may read headers of, we say too: the id that a report of trouble names is one of them.
    expect(turn['correlationId']).toMatch(/\S{8,}/);
    expect(watched.complaints).toEqual([]);
  });

  it('keeps one conversation through both doors', async () => {
    await watched.page.goto(origins.listed);
    await run('talkOverSocket', 'first');
    await run('talkOverFetch', 'second');
    const { body } = await ada.call<{ items: { role: string; content: string }[] }>(messagesOf(session));
    const said = body.items.filter(({ role }) => role === 'user').map(({ content }) => content);
    expect(said.sort()).toEqual(['first', 'second']);
  });

  it('is refused when it is not listed: the browser keeps every answer from it, and nothing was stored', async () => {
    await watched.page.goto(origins.stranger);
    expect(await run('talkOverFetch')).toEqual({ error: 'Failed to fetch' });
    expect((await run('talkOverSocket'))['error']).toMatch(/xhr poll error/);
    expect(watched.complaints.join('\n')).toContain('blocked by CORS policy');
    const { body } = await ada.call<{ items: unknown[] }>(messagesOf(session));
    expect(body.items).toEqual([]);
  });

  it('is refused a WebSocket too, which no browser asks leave for', async () => {
    await watched.page.goto(origins.stranger);
    const facts = JSON.stringify({ address: `${ada.url.replace('http', 'ws')}/ws/chat/${session}`, token: ada.token });
    const closed = await watched.page.evaluate(`(({ address, token }) => new Promise((resolve) => {
      const socket = new WebSocket(address, ['bearer.' + token]);
      socket.onopen = () => resolve('open');
      socket.onclose = ({ code }) => resolve(code);
    }))(${facts})`);
    expect(closed).toBe(1006);
  });
});

/** The page and its script, on a port and therefore an origin of its own. */
async function serveSite(): Promise<{ server: Server; origin: string }> {
  const server = createServer((request, response) => {
    const [type, file] = FILES[request.url ?? ''] ?? [];
    if (type === undefined || file === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': type }).end(readFileSync(file));
  });
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, origin: `http://127.0.0.1:${port}` };
}
