import { ChatWorld } from '../journeys/chat-world.js';
import { ParleyClient } from '../support/nodes/client.js';
import { record } from '../support/sockets/index.js';
import { generatedOpenApi } from './declared-shapes.js';

/** What a page of the document offers to send, sent as it stands. */
describe('the examples of the OpenAPI document', () => {
  const { paths } = generatedOpenApi();
  const offered = Object.entries(record(paths)).flatMap(([path, methods]) =>
    Object.entries(record(methods)).flatMap(([method, operation]) => {
      const media = record(record(operation)['requestBody'] ?? {})['content'];
      return media === undefined ? [] : [[`${method.toUpperCase()} ${path}`, record(media)] as const];
    }),
  );
  /** What stands in the way of success is not the body. */
  const STATUS: Readonly<Record<string, number>> = {
    'POST /api/v1/users/register': 409,
    'POST /api/v1/auth/refresh': 401,
    'POST /api/v1/chat/sessions/{session_id}/runs/{run_id}/input': 409,
  };
  const headers = { 'If-Match': '*' };
  let world: ChatWorld;
  let admin: ParleyClient;
  let ids: Readonly<Record<string, string>>;

  beforeAll(async () => {
    world = await ChatWorld.open();
    admin = await world.ranked('admin');
    const session = await world.session(admin);
    const turn = await world.answer(admin, session, 'hello');
    const message = record(turn['response'])['message_id'];
    ids = { session_id: session, run_id: String(turn['run_id']), message_id: String(message), name: 'basic_chat' };
  }, 60_000);
  afterAll(() => world.close());

  it('are there', () => {
    expect(offered.length).toBeGreaterThan(12);
  });

  // Signing out comes last, as it ends the login that the others use.
  it.each([...offered].sort(([one], [other]) => Number(one.endsWith('/logout')) - Number(other.endsWith('/logout'))))(
    '%s',
    async (name, media) => {
      const [method = '', template = ''] = name.split(' ');
      const path = template.replace('/api/v1', '').replaceAll(/\{(\w+)\}/g, (_, id: string) => ids[id] ?? '');
      const open = /\/(register|login|refresh)$/.test(path);
      const client = open ? new ParleyClient(world.node.url) : admin;
      const { example } = record(media['application/json']);
      const answer = await client.call(path, { method, body: example, headers });
      const known = STATUS[name];
      const { code } = answer.body;
      if (known === undefined) expect({ taken: answer.status < 300, code }).toEqual({ taken: true, code: undefined });
      else expect(answer.status).toBe(known);
    },
  );
});
