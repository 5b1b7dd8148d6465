/**
 * A journey by somebody who has nothing but the generated client. Copied beside `client/`, compiled strictly
 * and run by `typed-client.e2e-spec.ts`; prints what it saw as one line of JSON.
 * Usage: node journey.mjs <url> <name>
 */
import { client } from './client/client.gen.js';
import {
  chatSend,
  loginsMe,
  messagesList,
  sessionsCreate,
  sessionsExport,
  sessionsGet,
  sessionsList,
  signInLogin,
  signInRegister,
} from './client/sdk.gen.js';
import type { ChatSendErrors, Problem, TurnDto } from './client/types.gen.js';

const [baseUrl = '', name = ''] = process.argv.slice(2);
const account = { email: `${name}@example.com`, password: 'correct-horse-battery-staple' };

client.setConfig({ baseUrl });
const registered = await signInRegister({ body: { ...account, display_name: 'Ada' }, throwOnError: true });
const login = await signInLogin({ body: account, throwOnError: true });
client.setConfig({ baseUrl, auth: login.data.access_token });
const me = await loginsMe({ throwOnError: true });

const session = await sessionsCreate({ body: { title: 'Typed', tags: ['typed'] }, throwOnError: true });
const path = { session_id: session.data.session_id };
const url = '/api/v1/chat/sessions/{session_id}/messages';
const turn = await client.post<{ 201: TurnDto }, ChatSendErrors, true>({
  url,
  path,
  body: { content: 'What is a log?' },
  headers: { 'Content-Type': 'application/json' },
  security: [{ scheme: 'bearer', type: 'http' }],
  throwOnError: true,
});

const { stream } = await chatSend({
  path,
  body: { content: [{ type: 'text', text: 'And then?' }] },
  headers: { Accept: 'text/event-stream' },
  sseMaxRetryAttempts: 1,
});
let streamed = 0;
for await (const event of stream) streamed += event === undefined ? 0 : 1;

const list = await messagesList({ path, query: { order: 'asc', limit: 10 }, throwOnError: true });
const page = await sessionsList({ query: { tag: 'typed' }, throwOnError: true });
const file = await sessionsExport({ path, query: { format: 'markdown' }, parseAs: 'text', throwOnError: true });
const stray = await sessionsGet({ path: { session_id: 'ses_00000000000000000000000000' } });
const problem: Problem | undefined = stray.error;

process.stdout.write(
  JSON.stringify({
    user: registered.data.user_id === me.data.user_id,
    answer: turn.data.response.content,
    roles: list.data.items.map(({ role }) => role),
    streamed,
    sessions: page.data.items.length,
    exported: String(file.data).includes('What is a log?'),
    problem: problem?.code,
  }),
);
