import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import pg from 'pg';
import { FakeModel, type FakeRequest } from '../support/fake-model/index.js';
import { type Answer, type Call, ParleyClient } from '../support/nodes/client.js';
import { ParleyNode } from '../support/nodes/parley-node.js';
import { record } from '../support/sockets/index.js';

export type Body = Record<string, unknown>;

const TITLE = { schema: 'session_title' };

/** One node of the built program, a database that the test can look into, and a model that answers by script. */
export class ChatWorld {
  private constructor(
    private serving: ParleyNode,
    readonly model: FakeModel,
    readonly db: TestDatabase,
    private readonly dataDir: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async open(env: Readonly<Record<string, string>> = {}): Promise<ChatWorld> {
    const [model, db] = await Promise.all([FakeModel.start(), openTestDatabase()]);
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-journey-'));
    const all = {
      PORT: String(await freePort()),
      PARLEY_DATA_DIR: dataDir,
      DATABASE_URL: db.appUrl,
      DATABASE_MIGRATION_URL: db.ownerUrl,
      OPENAI_BASE_URL: model.url,
      PARLEY_MODEL: 'openai:fake-1',
      PARLEY__LIMITS__ENABLED: 'false',
      PARLEY__MODELS__BREAKER_FAILURES: '1000',
      ...env,
    };
    return new ChatWorld(await ParleyNode.start({ env: all }), model, db, dataDir, all);
  }

  get node(): ParleyNode {
    return this.serving;
  }

  /** The next node, at the address of the one that has gone. */
  async restart(): Promise<void> {
    this.serving = await ParleyNode.start({ env: this.env });
  }

  async close(): Promise<void> {
    await this.node.stop();
    await this.db.close();
    await this.model.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  user(): Promise<ParleyClient> {
    return ParleyClient.register(this.node.url);
  }

  /** A user who may do what the role may: there is no way yet to hand out roles over the API. */
  async ranked(role: string): Promise<ParleyClient> {
    const client = await this.user();
    const { body } = await client.call('/auth/me');
    await grantRole(this.db, String(body['user_id']), role);
    return client;
  }

  /** A conversation with a title, so that no job writes one, unless told otherwise. */
  async session(client: ParleyClient, body: Body = { title: 'Journey' }): Promise<string> {
    const { status, body: session } = await client.call('/chat/sessions', { method: 'POST', body });
    if (status !== 201) throw new Error(`no session: ${status} ${JSON.stringify(session)}`);
    return String(session['session_id']);
  }

  /** Sends and waits for the answer. */
  say(client: ParleyClient, session: string, content: unknown, more: Body = {}, headers: Call['headers'] = {}) {
    return client.call(messagesOf(session), { method: 'POST', body: { content, ...more }, headers });
  }

  /** The answer to a message. @throws Error when there is none */
  async answer(client: ParleyClient, session: string, content: unknown, more: Body = {}): Promise<Body> {
    const { status, body } = await this.say(client, session, content, more);
    if (status !== 201) throw new Error(`no answer: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** Sends and does not wait: the accepted message and run. */
  async leave(client: ParleyClient, session: string, content: unknown, more: Body = {}) {
    const sent = await this.say(client, session, content, more, { Prefer: 'respond-async' });
    if (sent.status !== 202) throw new Error(`not accepted: ${sent.status} ${JSON.stringify(sent.body)}`);
    const { run_id: runId, status } = record(sent.body['run']);
    return { messageId: String(record(sent.body['message'])['message_id']), runId: String(runId), status, sent };
  }

  async run(client: ParleyClient, session: string, runId: string): Promise<Body> {
    return (await client.call(`/chat/sessions/${session}/runs/${runId}`)).body;
  }

  /** The run once it has ended. */
  async ended(client: ParleyClient, session: string, runId: string, withinMs = 10_000): Promise<Body> {
    return until(
      async () => {
        const run = await this.run(client, session, runId);
        return ['completed', 'failed', 'cancelled'].includes(String(run['status'])) ? run : undefined;
      },
      `the end of ${runId}`,
      withinMs,
    );
  }

  cancel(client: ParleyClient, session: string, runId: string): Promise<Answer> {
    return client.call(`/chat/sessions/${session}/runs/${runId}/cancel`, { method: 'POST' });
  }

  /** All messages, oldest first. */
  async messages(client: ParleyClient, session: string): Promise<Body[]> {
    return everyPage(client, `${messagesOf(session)}?order=asc&limit=200`);
  }

  async contents(client: ParleyClient, session: string): Promise<unknown[]> {
    return (await this.messages(client, session)).map((message) => message['content']);
  }

  /** The whole log as it is read. */
  async events(client: ParleyClient, session: string): Promise<Body[]> {
    return everyPage(client, `/chat/sessions/${session}/events?limit=200`);
  }

  /** What a request to the model held: role and content of each message. */
  static promptOf(request: FakeRequest): { role: string; content: string }[] {
    const { messages } = record(request.body);
    if (!Array.isArray(messages)) throw new Error('the request holds no messages');
    return messages.map((message: unknown) => {
      const { role, content } = record(message);
      return { role: String(role), content: String(content) };
    });
  }

  /** Requests for answers, without those of titles. */
  asked(): readonly FakeRequest[] {
    return this.model.requests((request) => request.schema?.name !== TITLE.schema);
  }

  async query<T extends Body>(text: string, ...values: unknown[]): Promise<T[]> {
    return (await this.db.pool.query<T>(text, values)).rows;
  }
}

/** Written by the owner of the schema; the program reads roles at each call. */
export async function grantRole({ ownerUrl }: TestDatabase, principalId: string, role: string): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    await owner.query(
      `insert into role_grants (org_id, principal_id, role, granted_at)
       select org_id, principal_id, $2, now() from memberships where principal_id = $1`,
      [principalId, role],
    );
  } finally {
    await owner.end();
  }
}

export const messagesOf = (session: string): string => `/chat/sessions/${session}/messages`;

export function items({ status, body }: Answer): Body[] {
  const list = body['items'];
  if (status !== 200 || !Array.isArray(list)) throw new Error(`no list: ${status} ${JSON.stringify(body)}`);
  return list.map(record);
}

async function everyPage(client: ParleyClient, path: string): Promise<Body[]> {
  const all: Body[] = [];
  for (let more = ''; ; ) {
    const page = await client.call(`${path}${more}`);
    all.push(...items(page));
    const { next_cursor: next } = page.body;
    if (typeof next !== 'string') return all;
    more = `&cursor=${encodeURIComponent(next)}`;
  }
}

/** Asks again and again until there is an answer. */
export async function until<T>(ask: () => Promise<T | undefined>, what: string, withinMs = 10_000): Promise<T> {
  const give = performance.now() + withinMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (performance.now() > give) throw new Error(`waited ${withinMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Members of a problem that differ from call to call. */
export function sameProblem(body: Body): Body {
  const { correlation_id: _correlation, instance: _instance, ...rest } = body;
  return rest;
}

export function codesOf(body: Body): { pointer: unknown; code: unknown }[] {
  const errors = body['errors'];
  return Array.isArray(errors) ? errors.map(record).map(({ pointer, code }) => ({ pointer, code })) : [];
}
