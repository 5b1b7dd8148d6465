import { newId } from '@parley/platform/ids';
import type { Principal } from './policy.js';
import type { Conversation, HttpCall, World } from './world.js';

/** What stands for the members of a path. */
export type Ids = Readonly<Record<string, string>>;

interface Recipe {
  readonly body?: (world: World, principal: Principal) => unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const HTML = { Accept: 'text/html' };
const PAGE: Recipe = { headers: HTML };
let made = 0;

const account = (): unknown => ({ email: `made${++made}@example.com`, password: 'correct-horse-battery-staple' });
/** Of whoever calls; who is nobody uses another's: possession is all that these calls ask for. */
const emailOf = (world: World, principal: Principal): string =>
  world.accounts[principal === 'anonymous' ? 'other' : principal].email;
const credentials = (world: World, principal: Principal): unknown => ({
  email: emailOf(world, principal),
  password: 'correct-horse-battery-staple',
});

/** What is sent with a call, where it is more than its address. */
const RECIPES: Readonly<Record<string, Recipe>> = {
  'POST /api/v1/auth/register': { body: account },
  'POST /api/v1/users/register': { body: account },
  'POST /api/v1/auth/login': { body: credentials },
  'POST /api/v1/users/login': { body: credentials },
  'POST /api/v1/auth/refresh': {
    body: async (world, principal) => ({
      refresh_token: (await world.login(emailOf(world, principal))).refreshToken,
    }),
  },
  'POST /api/v1/auth/logout': { body: () => ({}) },
  'PUT /api/v1/users/profile': { body: () => ({ metadata: { visited: true } }) },
  'POST /api/v1/chat/use-cases/{name}/test': { body: () => ({ message: 'Does it work?' }) },
  'PUT /api/v1/admin/use-cases/{name}': { body: () => ({ locked: ['model'] }), headers: { 'If-Match': '*' } },
  'DELETE /api/v1/admin/use-cases/{name}': { headers: { 'If-Match': '*' } },
  'POST /api/v1/chat/sessions': { body: () => ({ title: 'Made in the matrix' }) },
  'PUT /api/v1/chat/sessions/{session_id}': { body: () => ({ tags: ['changed'] }) },
  'POST /api/v1/chat/sessions/{session_id}/clone': { body: () => ({ title: 'A copy' }) },
  'POST /api/v1/chat/sessions/{session_id}/messages': { body: () => ({ content: 'Another question' }) },
  'POST /api/v1/chat/sessions/{session_id}/messages/{message_id}/regenerate': { body: () => ({}) },
  'POST /api/v1/chat/sessions/{session_id}/messages/{message_id}/feedback': { body: () => ({ rating: 'up' }) },
  'POST /api/v1/chat/sessions/{session_id}/runs/{run_id}/input': {
    body: () => ({ action_id: 'act_01JCZK5V4W8Q2M7N9P3R6T1XYZ', decision: 'approve' }),
  },
  'GET /docs': PAGE,
  'GET /api/v1/docs': PAGE,
  'GET /redoc': PAGE,
  'GET /api/v1/redoc': PAGE,
  'GET /docs/assets/{name}': { headers: { Accept: '*/*' } },
  'GET /metrics': { headers: { Accept: 'text/plain' } },
  'GET /api/metrics': { headers: { Accept: 'text/plain' } },
  'GET /api/v1/metrics': { headers: { Accept: 'text/plain' } },
};

/** The call of a row, with these ids in its path. */
export async function httpCall(world: World, entrance: string, principal: Principal, ids: Ids): Promise<HttpCall> {
  const [method = '', template = ''] = entrance.split(' ');
  const recipe = RECIPES[entrance] ?? {};
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const id = ids[name];
    if (id === undefined) throw new Error(`${entrance}: nothing stands for ${name}`);
    return encodeURIComponent(id);
  });
  const body: unknown = await recipe.body?.(world, principal);
  return {
    method,
    path,
    ...(body === undefined ? {} : { body }),
    ...(recipe.headers === undefined ? {} : { headers: recipe.headers }),
  };
}

/** The names of the ids in a path, in order. */
export function idsIn(entrance: string): readonly string[] {
  return [...entrance.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}

/** What leads somewhere. */
export function knownIds(entrance: string, conversation: Conversation | undefined): Ids {
  if (entrance.includes('/docs/assets/')) return { name: 'swagger-ui.css' };
  if (entrance.includes('/problems/')) return { code: 'NOT_FOUND' };
  if (conversation === undefined) return { name: 'basic_chat' };
  const { session_id, message_id, run_id } = conversation;
  return { session_id, message_id, run_id };
}

const UNKNOWN: Readonly<Record<string, () => string>> = {
  session_id: () => newId('session'),
  message_id: () => newId('message'),
  run_id: () => newId('run'),
  name: () => 'no_such_thing',
  code: () => 'NO_SUCH_CODE',
};

export function unknownId(name: string): string {
  const make = UNKNOWN[name];
  if (make === undefined) throw new Error(`no unknown ${name} is known`);
  return make();
}

/** Ids that are none: of another kind, too long, with what paths, queries and markup are made of. */
export const MALFORMED = [
  '1',
  'ses_',
  'usr_01JCZK5V4W8Q2M7N9P3R6T1XYZ',
  '../x',
  '%00',
  "' or 1=1 --",
  '<b>',
  'x'.repeat(200),
];
