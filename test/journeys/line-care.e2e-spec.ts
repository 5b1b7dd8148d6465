import type { ParleyClient } from '../support/nodes/client.js';
import { PlainLine, SocketIoLine } from '../support/sockets/index.js';
import { ChatWorld } from './chat-world.js';

const BEAT_MS = 1000;

describe('a line', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let session: string;
  const lines: PlainLine[] = [];
  beforeAll(async () => {
    world = await ChatWorld.open({ PARLEY__SOCKETS__HEARTBEAT_SECONDS: String(BEAT_MS / 1000) });
  }, 60_000);
  afterAll(() => world.close());
  beforeEach(async () => {
    world.model.reset();
    ada = await world.user();
    session = await world.session(ada);
  });
  afterEach(() => {
    for (const line of lines.splice(0)) line.close();
  });

  const plain = async (options: Parameters<typeof PlainLine.open>[2] = {}) => {
    const line = await PlainLine.open(ada.url, session, { token: ada.token, ...options });
    lines.push(line);
    return line;
  };

  it('of plain WebSocket is ended when its peer has stopped to answer pings, and kept while it answers', async () => {
    const lively = await plain();
    const dead = await plain({ client: { autoPong: false } });
    expect(await dead.view.over()).toBe('1006');
    await new Promise((resolve) => setTimeout(resolve, 2 * BEAT_MS));
    lively.send({ type: 'ping' });
    expect(await lively.answer('pong')).toEqual({ type: 'pong' });
  });

  it('of plain WebSocket answers what came before its token was looked at, up to a bound', async () => {
    const line = await plain({ token: null });
    line.send({ type: 'auth', token: ada.token });
    for (let n = 0; n < 120; n += 1) line.send({ type: 'ping' });
    await line.view.until('120 answers', () => line.answers.length + line.view.errors.length >= 120);
    expect(line.answers).toHaveLength(100);
    expect(line.view.errors).toHaveLength(20);
    expect(await line.problem()).toMatchObject({ code: 'OVERLOADED', retry_after: 1 });
    line.send({ type: 'ping' });
    await line.answer('pong', 101);
  });

  it('of plain WebSocket ends a run with its answer, also where the client had that before it came', async () => {
    world.model.always({ text: 'The answer.' });
    await world.answer(ada, session, 'Hello?');
    const log = await world.events(ada, session);
    const told = log.find(
      ({ type, data }) => type === 'message.created' && JSON.stringify(data).includes('The answer.'),
    );
    const line = await plain({ after: Number(told?.['seq']) });
    const response = await line.answer('response');
    expect(line.view.types).toEqual(
      log.filter(({ seq }) => Number(seq) > Number(told?.['seq'])).map(({ type }) => type),
    );
    expect(response).toMatchObject({ content: 'The answer.', components_used: ['text_chat'] });
  });

  it('is closed when the login behind it ends, whichever transport it is of', async () => {
    const line = await plain();
    const socket = await SocketIoLine.open(ada.url, ada.token);
    expect((await ada.call('/auth/logout', { method: 'POST', body: {} })).status).toBe(204);
    expect(await line.view.over()).toBe('4401');
    expect(await line.problem()).toMatchObject({ code: 'TOKEN_INVALID', status: 401 });
    expect(await socket.view.over()).toBe('io server disconnect');
    expect(socket.view.errors).toEqual([expect.objectContaining({ code: 'TOKEN_INVALID', status: 401 })]);
  });
});
