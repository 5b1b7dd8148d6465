import type { ParleyClient } from '../support/nodes/client.js';
import { record } from '../support/sockets/index.js';
import { type Body, ChatWorld, messagesOf, until } from './chat-world.js';

const CALL = { schema: 'session_summary' };

describe('a long conversation with summary_enabled', () => {
  let world: ChatWorld;
  let ada: ParleyClient;
  let session: string;
  beforeAll(async () => {
    world = await ChatWorld.open();
    ada = await world.user();
  }, 60_000);
  afterAll(() => world.close());
  beforeEach(async () => {
    world.model.reset();
    session = await begin({});
  });

  const begin = (text_chat: Body) => {
    const settings = {
      max_context_messages: 2,
      text_chat: { summary_enabled: true, summary_threshold: 10, ...text_chat },
    };
    return world.session(ada, { title: 'Long', settings });
  };
  /** Answers are scripted, so that each is known by its question. */
  const talk = async (from: number, to: number): Promise<Body[]> => {
    const turns: Body[] = [];
    for (let n = from; n <= to; n += 1) {
      world.model.script({ when: { user: new RegExp(`^question ${n}$`) }, reply: { text: `answer ${n}` } });
      turns.push(await world.answer(ada, session, `question ${n}`));
    }
    return turns;
  };
  const summary = (text: string, times = 1) =>
    world.model.script({ when: CALL, reply: { json: { summary: text } }, times });
  const stored = async () =>
    (await world.query('select * from session_summaries where session_id = $1', session)).at(0);
  const written = (text: string) =>
    until(async () => {
      const row = await stored();
      return row?.['content'] === text ? row : undefined;
    }, `the summary ${text}`);
  const answers = () => world.model.requests((request) => request.schema === undefined || request.schema === null);
  const lastPrompt = () => {
    const request = answers().at(-1);
    if (request === undefined) throw new Error('the model was not asked');
    return ChatWorld.promptOf(request);
  };
  const quiet = () => new Promise((resolve) => setTimeout(resolve, 1500));
  const idOf = (turn: Body | undefined, member: string) => String(record(turn?.[member])['message_id']);

  it('sums up what has left the window, after the run, and shows it to the model as material', async () => {
    summary('They counted to five.');
    await talk(1, 5);
    await quiet();
    expect(world.model.requests(CALL)).toEqual([]);
    await talk(6, 6);
    const row = await written('They counted to five.');
    const request = world.model.request(CALL);
    expect(request.user).toContain('User: question 1');
    expect(request.user).toContain('Assistant: answer 5');
    expect(request.user).not.toContain('question 6');
    const ids = (await world.messages(ada, session)).slice(0, 10).map(({ message_id }) => message_id);
    expect(row['source_message_ids']).toEqual(ids);

    const [turn] = await talk(7, 7);
    const [system, ...rest] = lastPrompt();
    expect(system?.content).toMatch(/<<<block \w+ source=summary [^>]*>>>\nThey counted to five\.\n<<<end \w+>>>/);
    expect(rest.map(({ content }) => content)).toEqual(['question 6', 'answer 6', 'question 7']);
    expect(record(record(turn?.['component_results'])['text_chat'])['context_messages_used']).toBe(2);
    expect(record(record(turn?.['response'])['metadata'])).not.toHaveProperty('tainted_by');

    const { input, output } = world.model.usageOf(CALL);
    const booked = await world.query(
      'select run_id, input_tokens, output_tokens from usage where session_id = $1 and purpose = $2',
      session,
      'summary',
    );
    expect(booked).toEqual([{ run_id: null, input_tokens: input, output_tokens: output }]);
    expect(
      (await world.query('select from usage where session_id = $1 and purpose = $2', session, 'answer')).length,
    ).toBe(7);
  }, 60_000);

  it('renews it once so many further messages have left, from what it said and from them', async () => {
    summary('First.');
    summary('First and second.');
    await talk(1, 6);
    await written('First.');
    await talk(7, 10);
    await quiet();
    expect(world.model.requests(CALL)).toHaveLength(1);
    await talk(11, 11);
    const row = await written('First and second.');
    const { user } = world.model.request(CALL, 2);
    expect(user).toMatch(/^Summary so far: First\.\n\nUser: question 6\n/);
    expect(user).not.toContain('question 5');
    expect(user).not.toContain('question 11');
    expect(row['source_message_ids']).toHaveLength(20);
  }, 60_000);

  it('writes it anew without a source that is erased', async () => {
    summary('The secret is swordfish.');
    const [first] = await talk(1, 6);
    await written('The secret is swordfish.');
    summary('Nothing secret.');
    const erased = await ada.call(`${messagesOf(session)}/${idOf(first, 'response')}`, { method: 'DELETE' });
    expect(erased.status).toBe(204);
    const row = await written('Nothing secret.');
    const { user } = world.model.request(CALL, 2);
    expect(user).not.toContain('swordfish');
    expect(user).not.toContain('answer 1');
    expect(user).toContain('question 1');
    expect(row['source_message_ids']).toHaveLength(9);
    await talk(7, 7);
    expect(lastPrompt()[0]?.content).toContain('Nothing secret.');
    expect(JSON.stringify(await world.query('select * from session_summaries'))).not.toContain('swordfish');
  }, 60_000);

  it('shows an answer that is regenerated nothing of what came after it', async () => {
    summary('Of the whole beginning.');
    const [, second] = await talk(1, 6);
    await written('Of the whole beginning.');
    const path = `${messagesOf(session)}/${idOf(second, 'message')}/regenerate`;
    expect((await ada.call(path, { method: 'POST', body: {} })).status).toBe(201);
    const [system, ...rest] = lastPrompt();
    expect(system?.content).not.toContain('Of the whole beginning.');
    expect(rest.map(({ content }) => content)).toEqual(['question 1', 'answer 1', 'question 2']);
  }, 60_000);

  it('keeps none where it is off, and shows none that was written before', async () => {
    session = await begin({ summary_enabled: false });
    await talk(1, 7);
    await quiet();
    expect(world.model.requests(CALL)).toEqual([]);
    session = await begin({});
    summary('Written before.');
    await talk(1, 6);
    await written('Written before.');
    const settings = { text_chat: { summary_enabled: false } };
    await ada.call(`/chat/sessions/${session}`, { method: 'PUT', body: { settings } });
    await talk(7, 7);
    expect(lastPrompt()[0]?.content).not.toContain('Written before.');
  }, 60_000);

  it('goes on without one where the model does not write it in the asked shape', async () => {
    world.model.script({ when: CALL, reply: { json: { text: 'wrong' } } });
    await talk(1, 6);
    await world.model.waitFor(CALL, 2);
    await quiet();
    expect(world.model.requests(CALL)).toHaveLength(2);
    const [turn] = await talk(7, 7);
    expect(record(turn?.['response'])['content']).toBe('answer 7');
    expect(await stored()).toMatchObject({ content: null, source_message_ids: [] });
    expect(lastPrompt()[0]?.content).not.toContain('source=summary');
  }, 60_000);
});
