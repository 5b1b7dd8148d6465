import type { Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { loadConfig } from '@parley/platform/config';
import { type DatabaseAccess, openDatabase } from '@parley/platform/database';
import { openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { schemaSource } from '@parley/schema';
import pg from 'pg';
import { createApp } from '../../apps/api/src/create-app.js';
import { FakeModel } from '../support/fake-model/index.js';
import { ROOT } from '../support/root.js';
import type { Principal } from './policy.js';

const PASSWORD = 'correct-horse-battery-staple';

/** Lies in everything that the owner writes; nobody else may ever see it. */
export const SENTINEL = 'SENTINEL-of-the-owner';

export interface Account {
  readonly email: string;
  readonly userId: string;
  readonly token: string;
  readonly refreshToken: string;
}

/** One conversation of somebody: what the calls of the matrix name. */
export interface Conversation {
  readonly session_id: string;
  /** The user's message. */
  readonly message_id: string;
  /** The answer. */
  readonly answer_id: string;
  readonly run_id: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface HttpCall {
  readonly method: string;
  /** With the prefix. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The whole application in this process, on a database of its own, with somebody of every kind. */
export class World {
  private constructor(
    readonly app: NestExpressApplication,
    readonly url: string,
    readonly model: FakeModel,
    private readonly stored: { readonly database: TestDatabase; readonly access: DatabaseAccess },
    readonly accounts: Readonly<Record<Exclude<Principal, 'anonymous'>, Account>>,
  ) {}

  static async open(env: Readonly<Record<string, string>> = {}): Promise<World> {
    const [database, model] = await Promise.all([openTestDatabase(), FakeModel.start()]);
    const config = loadConfig({
      cwd: ROOT,
      env: {
        PARLEY_ENV: 'test',
        DATABASE_URL: database.appUrl,
        DATABASE_MIGRATION_URL: database.ownerUrl,
        OPENAI_BASE_URL: model.url,
        PARLEY_MODEL: 'openai:fake-1',
        PARLEY_KEK: Buffer.alloc(32, 7).toString('base64'),
        PARLEY__LIMITS__ENABLED: 'false',
        ...env,
      },
    });
    const access = await openDatabase(config, { presence: 'serve', schema: schemaSource });
    const app = await createApp(config, access);
    await app.listen(0, '127.0.0.1');
    const url = urlOf(app.getHttpServer());
    const accounts = {
      owner: await makeAccount(url, 'owner', `${SENTINEL} name`),
      other: await makeAccount(url, 'other'),
      moderator: await makeAccount(url, 'moderator'),
      admin: await makeAccount(url, 'admin'),
    };
    await grant(database.ownerUrl, accounts.moderator.userId, 'moderator');
    await grant(database.ownerUrl, accounts.admin.userId, 'admin');
    return new World(app, url, model, { database, access }, accounts);
  }

  tokenOf(principal: Principal): string | undefined {
    return principal === 'anonymous' ? undefined : this.accounts[principal].token;
  }

  async call({ method, path, body, headers = {} }: HttpCall, token?: string): Promise<HttpAnswer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  /** A conversation with one turn, full of sentinels. */
  async conversation(token: string, words: string = SENTINEL): Promise<Conversation> {
    const session = await this.json('/api/v1/chat/sessions', token, {
      title: `${words} title`,
      tags: [`${words} tag`],
      metadata: { note: `${words} metadata` },
    });
    const turn = await this.json(`/api/v1/chat/sessions/${session['session_id']}/messages`, token, {
      content: `${words} question`,
      metadata: { note: `${words} of the message` },
    });
    return {
      session_id: String(session['session_id']),
      message_id: member(turn['message'], 'message_id'),
      answer_id: member(turn['response'], 'message_id'),
      run_id: String(turn['run_id']),
    };
  }

  /** A fresh login of an account that is there: for calls that use one up. */
  login(email: string): Promise<Account> {
    return signIn(this.url, email);
  }

  /** How many rows each table of conversations holds, for who must know that nothing was stored. */
  async rows(): Promise<Record<string, number>> {
    const counts = STORED.map(async (table) => [table, await this.count(table)] as const);
    return Object.fromEntries(await Promise.all(counts));
  }

  private async count(table: (typeof STORED)[number]): Promise<number> {
    const { rows } = await this.stored.database.pool.query<{ n: number }>(`select count(*)::int as n from ${table}`);
    return rows[0]?.n ?? 0;
  }

  /** Resolves when no run is under way or waits. */
  async idle(): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      const { rows } = await this.stored.database.pool.query<{ n: number }>(
        "select count(*)::int as n from runs where status in ('queued', 'running')",
      );
      if (rows[0]?.n === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('runs are left');
  }

  async close(): Promise<void> {
    await this.idle();
    await this.app.close();
    await this.model.stop();
    await this.stored.access.close();
    await this.stored.database.close();
  }

  private async json(path: string, token: string, body: object): Promise<Record<string, unknown>> {
    const { status, text } = await this.call({ method: 'POST', path, body }, token);
    if (status !== 201) throw new Error(`${path} answered ${status} ${text}`);
    return JSON.parse(text);
  }
}

const STORED = ['users', 'sessions', 'messages', 'runs', 'session_events', 'feedback'] as const;
const ORGANISATION = 'org_00000000000000000000000000';

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the application does not listen');
  return `http://127.0.0.1:${address.port}`;
}

async function makeAccount(url: string, name: string, displayName = name): Promise<Account> {
  const email = `${name}@example.com`;
  const response = await fetch(`${url}/api/v1/auth/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD, display_name: displayName }),
  });
  if (response.status !== 201) throw new Error(`register answered ${response.status} ${await response.text()}`);
  return signIn(url, email);
}

async function signIn(url: string, email: string): Promise<Account> {
  const response = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  if (response.status !== 200) throw new Error(`login answered ${response.status} ${await response.text()}`);
  const answer: unknown = await response.json();
  return {
    email,
    userId: member(Reflect.get(Object(answer), 'user'), 'user_id'),
    token: member(answer, 'access_token'),
    refreshToken: member(answer, 'refresh_token'),
  };
}

/** There is no way yet to hand out roles over the API: the row is written by the schema's owner. */
async function grant(ownerUrl: string, principalId: string, role: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query('insert into role_grants (org_id, principal_id, role, granted_at) values ($1, $2, $3, now())', [
      ORGANISATION,
      principalId,
      role,
    ]);
  } finally {
    await client.end();
  }
}

function member(value: unknown, name: string): string {
  if (typeof value !== 'object' || value === null) throw new Error(`no ${name} in ${JSON.stringify(value)}`);
  return String(Reflect.get(value, name));
}
