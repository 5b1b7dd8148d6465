import type { ParleyClient } from '../support/nodes/client.js';
import { record } from '../support/sockets/index.js';
import { ChatWorld, grantRole } from './chat-world.js';

/** What a client may keep, and how it asks whether it still holds. */
describe('single resources', () => {
  let world: ChatWorld;
  let admin: ParleyClient;
  const paths = new Map<string, string>();

  beforeAll(async () => {
    world = await ChatWorld.open();
    admin = await world.ranked('admin');
    const session = await world.session(admin);
    const turn = await world.answer(admin, session, 'hello');
    const at = `/chat/sessions/${session}`;
    paths.set('a session', at);
    paths.set('a message', `${at}/messages/${String(record(turn['message'])['message_id'])}`);
    paths.set('a run', `${at}/runs/${String(turn['run_id'])}`);
    paths.set('a profile', '/users/profile');
    paths.set('who one is', '/auth/me');
    paths.set('a use case', '/chat/use-cases/basic_chat');
    paths.set('an override', '/admin/use-cases/basic_chat');
  }, 60_000);
  afterAll(() => world.close());

  const read = (path: string, headers: Record<string, string> = {}) => admin.call(path, { headers });

  it.each(['a session', 'a message', 'a run', 'a profile', 'who one is', 'a use case', 'an override'])(
    '%s has a strong ETag, and is not sent again to who has it',
    async (what) => {
      const path = paths.get(what) ?? '';
      const { status, headers } = await read(path);
      expect([status, headers.get('cache-control')]).toEqual([200, 'private, no-cache']);
      const tag = headers.get('etag') ?? '';
      expect(tag).toMatch(/^"[\w.-]+"$/);
      const again = await admin.fetch(path, { headers: { 'If-None-Match': tag } });
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', tag]);
      expect((await read(path, { 'If-None-Match': '"something-else"' })).status).toBe(200);
    },
  );

  it('change their ETag with whatever they show, also where it has no version', async () => {
    const user = await world.user();
    const tagOf = async (path: string) => (await user.call(path)).headers.get('etag') ?? '';
    const [profile, me] = [await tagOf('/users/profile'), await tagOf('/auth/me')];
    const { body } = await user.call('/auth/me');
    await grantRole(world.db, String(body['user_id']), 'moderator');
    expect((await user.call('/users/profile', { headers: { 'If-None-Match': profile } })).body['roles']).toEqual([
      'moderator',
      'user',
    ]);
    expect(await tagOf('/auth/me')).not.toBe(me);
    const change = { method: 'PUT', body: { display_name: 'Ada' }, headers: { 'If-Match': profile } };
    expect((await user.call('/users/profile', change)).status).toBe(200);
    expect((await user.call('/users/profile', change)).status).toBe(412);

    const before = (await read('/chat/use-cases/basic_chat')).headers.get('etag') ?? '';
    const override = { method: 'PUT', body: { locked: ['model'] }, headers: { 'If-Match': '*' } };
    expect((await admin.call('/admin/use-cases/basic_chat', override)).status).toBe(200);
    expect((await read('/chat/use-cases/basic_chat', { 'If-None-Match': before })).status).toBe(200);
  });

  it('of a conversation says which one is deleted; without it the last word counts', async () => {
    const path = `/chat/sessions/${await world.session(admin)}`;
    const stale = (await read(path)).headers.get('etag') ?? '';
    await admin.call(path, { method: 'PUT', body: { title: 'Changed since' } });
    const late = await admin.call(path, { method: 'DELETE', headers: { 'If-Match': stale } });
    expect([late.status, late.body['code']]).toEqual([412, 'PRECONDITION_FAILED']);
    const { headers, status } = await read(path);
    expect(status).toBe(200);
    const fresh = { 'If-Match': headers.get('etag') ?? '' };
    expect((await admin.call(path, { method: 'DELETE', headers: fresh })).status).toBe(204);
    expect((await read(path)).status).toBe(404);
    const other = `/chat/sessions/${await world.session(admin)}`;
    expect((await admin.call(other, { method: 'DELETE' })).status).toBe(204);
  });
});
