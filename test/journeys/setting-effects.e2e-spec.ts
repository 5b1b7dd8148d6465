import { UseCaseCatalogue } from '@parley/use-cases';
import { World } from '../security/world.js';
import type { FakeRequest } from '../support/fake-model/index.js';
import { record } from '../support/sockets/index.js';

type Body = Record<string, unknown>;

const TEXT = 'An answer.';

/** Each setting of `basic_chat` changes what the model is sent or what the caller gets. */
describe('a setting of basic_chat that is changed', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open({
      PARLEY_FAST_MODEL: 'openai:fake-2',
      PARLEY__MODELS__CONTEXT_TOKENS: JSON.stringify({ 'openai:fake-1': 20_000, 'openai:fake-2': 9000 }),
    });
  }, 60_000);
  afterAll(() => world.close());
  beforeEach(() => {
    world.model.reset();
    world.model.script({ when: { schema: 'session_summary' }, reply: { json: { summary: 'What was said.' } } });
    world.model.script({ when: { schema: 'session_title' }, reply: { json: { title: 'By a model' } } });
  });

  const api = async (method: string, path: string, body?: Body) => {
    const call = { method, path: `/api/v1/chat${path}`, ...(body === undefined ? {} : { body }) };
    const { status, text } = await world.call(call, world.accounts.owner.token);
    return { status, body: record(text === '' ? {} : JSON.parse(text)) };
  };
  const begin = async (settings: Body, title: string | null = 'Effects'): Promise<string> => {
    const made = await api('POST', '/sessions', { settings, ...(title === null ? {} : { title }) });
    expect([made.status, made.body]).toEqual([201, expect.any(Object)]);
    return String(made.body['session_id']);
  };
  const say = (session: string, content = 'Hello there', more: Body = {}) =>
    api('POST', `/sessions/${session}/messages`, { content, ...more });
  /** One turn with these settings: what the model was sent, and what the caller got. */
  const turn = async (
    settings: Body,
    content?: string,
  ): Promise<{ request: FakeRequest; status: number; body: Body }> => {
    const answer = await say(await begin(settings), content);
    return { request: lastRequest(), ...answer };
  };
  const lastRequest = (): FakeRequest => {
    const request = world.model.requests(({ schema }) => !String(schema?.name).startsWith('session_')).at(-1);
    if (request === undefined) throw new Error('the model was not asked');
    return request;
  };
  const sent = async (settings: Body) => record((await turn(settings)).request.body);
  const system = async (settings: Body) => (await turn(settings)).request.system;
  const content = async (settings: Body) => record((await turn(settings)).body['response'])['content'];
  const codes = ({ body }: { body: Body }) => {
    const errors: unknown = body['errors'];
    return Array.isArray(errors)
      ? errors.map((one) => `${record(one)['pointer']} ${record(one)['code']}`)
      : body['code'];
  };
  const under = (text_chat: Body) => ({ text_chat });
  const soon = async (holds: () => Promise<boolean>) => {
    const until = Date.now() + 5000;
    while (!(await holds())) {
      if (Date.now() > until) return false;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return true;
  };

  const EFFECTS: Readonly<Record<string, () => Promise<void>>> = {
    language: async () => {
      expect(await system({ language: 'pt-BR' })).toContain('Answer in Brazilian Portuguese (pt-BR)');
      expect(await system({})).not.toContain('Portuguese');
    },
    time_zone: async () => {
      expect(await system({ time_zone: 'Asia/Tokyo' })).toContain('time zone Asia/Tokyo');
      expect(await system({})).toContain('time zone UTC');
    },
    on_busy: async () => {
      world.model.always({ text: TEXT, delayMs: 400 });
      for (const [on_busy, status] of [
        ['reject', 409],
        ['queue', 201],
      ] as const) {
        const session = await begin({ on_busy });
        const first = say(session, 'first');
        await world.model.waitFor({ user: /^first$/ }, on_busy === 'reject' ? 1 : 2);
        expect([on_busy, (await say(session, 'second')).status]).toEqual([on_busy, status]);
        await first;
      }
    },
    personality: async () => {
      expect(await system({ personality: 'technical_expert' })).toMatch(/^You are Technical Expert\./);
      expect(await system({})).toMatch(/^You are Helpful Assistant\./);
    },
    auto_title: async () => {
      const titleOf = async (session: string) => (await api('GET', `/sessions/${session}`)).body['title'];
      const byStart = await begin({ auto_title: false }, null);
      const byModel = await begin({}, null);
      for (const session of [byStart, byModel]) await say(session, 'The start of it');
      expect(await soon(async () => (await titleOf(byModel)) === 'By a model')).toBe(true);
      expect(await titleOf(byStart)).toBe('The start of it');
      // What is written anew because its source was erased is written as it was before.
      await say(byStart, 'The rest of it');
      const { items } = (await api('GET', `/sessions/${byStart}/messages?order=asc`)).body;
      const first = record(Array.isArray(items) ? items[0] : {})['message_id'];
      expect((await api('DELETE', `/sessions/${byStart}/messages/${first}`)).status).toBe(204);
      expect(await soon(async () => (await titleOf(byStart)) === 'The rest of it')).toBe(true);
      expect(world.model.requests({ schema: 'session_title' })).toHaveLength(1);
    },
    'text_chat.min_message_length': async () => {
      const session = await begin(under({ min_message_length: 5 }));
      expect(codes(await say(session, 'four'))).toEqual(['/content OUT_OF_BOUNDS']);
      expect((await say(session, 'fiver')).status).toBe(201);
      const broken = { ...under({ min_message_length: 5 }), max_message_length: 4 };
      expect(codes(await api('POST', '/sessions', { settings: broken }))).toEqual([
        '/settings/text_chat/min_message_length SETTINGS_CONFLICT',
      ]);
    },
    'text_chat.max_message_length': async () => {
      const session = await begin({ max_message_length: 5 });
      expect(codes(await say(session, 'sixsix'))).toEqual(['/content OUT_OF_BOUNDS']);
      const long = await begin({ max_message_length: 4001 });
      expect((await say(long, 'x'.repeat(4001))).status).toBe(201);
      const settings = { ...under({ min_message_length: 4001 }), max_message_length: 4002 };
      expect((await api('POST', '/sessions', { settings })).status).toBe(201);
    },
    'text_chat.context_window': async () => {
      const session = await begin({ max_context_messages: 30 });
      const seen = async () => {
        const { body } = await say(session, 'more');
        const results = record(record(body['component_results'])['text_chat']);
        const messages: unknown = record(lastRequest().body)['messages'];
        return [results['context_messages_used'], Array.isArray(messages) ? messages.length - 2 : undefined];
      };
      for (let n = 0; n < 12; n += 1) await say(session, `n${n}`);
      expect(await seen()).toEqual([24, 24]);
      const set = (max_context_messages: number) =>
        api('PUT', `/sessions/${session}`, { settings: { max_context_messages } });
      await set(3);
      expect(await seen()).toEqual([3, 3]);
      await set(0);
      expect(await seen()).toEqual([0, 0]);
    },
    'text_chat.content_filter': async () => {
      expect(codes(await turnThatAsksNobody({ content_filter: 'block' }))).toBe('CAPABILITY_UNAVAILABLE');
      const flagged = await turn(under({ content_filter: 'flag' }));
      expect(record(record(flagged.body['response'])['metadata'])['degraded']).toEqual(['moderation']);
      const plain = await turn({});
      expect(record(record(plain.body['response'])['metadata'])).not.toHaveProperty('degraded');
    },
    'text_chat.summary_enabled': () => summarises({ summary_enabled: true, summary_threshold: 10 }, 1),
    'text_chat.summary_threshold': () => summarises({ summary_enabled: true, summary_threshold: 13 }, 0),
    'text_chat.model': async () => {
      expect((await sent({ model: 'fast' }))['model']).toBe('fake-2');
      expect((await sent({}))['model']).toBe('fake-1');
      // What a model reads at once decides what is refused before it is stored.
      const long = 'word '.repeat(6300);
      const settings = { max_message_length: 32_000, custom_instructions: '' };
      expect((await turn(settings, long)).status).toBe(201);
      expect(codes(await say(await begin({ ...settings, model: 'fast' }), long))).toEqual(['/content INPUT_TOO_LONG']);
    },
    'text_chat.max_output_tokens': async () => {
      expect(JSON.stringify(await sent({ max_output_tokens: 77 }))).toMatch(/"max_(completion_)?tokens":77\b/);
      const long = 'word '.repeat(6300);
      const settings = { max_message_length: 32_000, max_output_tokens: 19_000 };
      expect(codes(await say(await begin(settings), long))).toEqual(['/content INPUT_TOO_LONG']);
    },
    'text_chat.temperature': async () => {
      expect((await sent({ temperature: 0.25 }))['temperature']).toBe(0.25);
      expect((await sent({}))['temperature']).toBe(0.7);
    },
    'text_chat.top_p': async () => {
      expect((await sent(under({ top_p: 0.5 })))['top_p']).toBe(0.5);
      expect(await sent({})).not.toHaveProperty('top_p');
    },
    'text_chat.response_timeout_seconds': async () => {
      world.model.always({ text: TEXT, delayMs: 1500 });
      expect(codes(await turn({ response_timeout_seconds: 1 }))).toBe('MODEL_TIMEOUT');
      expect((await turn({ response_timeout_seconds: 3 })).status).toBe(201);
    },
    'text_chat.response_style': async () => {
      expect(await system({ response_style: 'concise' })).toContain('Write concisely');
      expect(await system({})).toContain('friendly conversation');
    },
    'text_chat.formality_level': async () => {
      expect(await system(under({ formality_level: 'casual' }))).toContain('as a friend would');
      expect(await system({})).not.toContain('as a friend would');
    },
    'text_chat.expertise_level': async () => {
      expect(await system(under({ expertise_level: 'expert' }))).toContain('expert of the field');
      expect(await system({})).not.toContain('expert of the field');
    },
    'text_chat.creativity_level': async () => {
      expect((await sent(under({ creativity_level: 0.5 })))['temperature']).toBeCloseTo(0.6);
    },
    'text_chat.instructions': async () => {
      expect(await system({ custom_instructions: 'Speak like a pirate.' })).toContain('Speak like a pirate.');
      // Instructions are never cut: with them a message may be too long that fits without them.
      const long = 'word '.repeat(6300);
      const settings = { max_message_length: 32_000, max_output_tokens: 11_000 };
      expect((await turn(settings, long)).status).toBe(201);
      const instructions = { ...settings, custom_instructions: 'word '.repeat(1600) };
      expect(codes(await say(await begin(instructions), long))).toEqual(['/content INPUT_TOO_LONG']);
    },
    'text_chat.response_format': async () => {
      for (const [response_format, words] of [
        ['text', 'plain text'],
        ['html', 'HTML fragment'],
        ['markdown', 'Markdown'],
      ] as const) {
        const { request, body } = await turn({ response_format });
        expect(request.system).toContain(words);
        expect(request.schema).toBeNull();
        expect(record(record(body['component_results'])['text_chat'])['response_format']).toBe(response_format);
      }
      const refused = await api('POST', '/sessions', { settings: { response_format: 'json' } });
      expect(codes(refused)).toEqual(['/settings/json_schema SETTING_REQUIRED']);
      // A schema alone asks for nothing.
      expect((await turn({ json_schema: { type: 'object' } })).request.schema).toBeNull();
    },
    'text_chat.json_schema': async () => {
      world.model.always({ json: { n: 3 } });
      const json_schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
      const { request, body } = await turn({ response_format: 'json', json_schema });
      expect(request.schema?.schema).toMatchObject(json_schema);
      expect(record(body['response'])['content']).toBe('{"n":3}');
    },
    'text_chat.response_prefix': async () => {
      world.model.always({ text: TEXT });
      expect(await content(under({ response_prefix: 'Well: ' }))).toBe(`Well: ${TEXT}`);
      expect(await withJson({ response_prefix: 'Well: ' })).toEqual([
        '/settings/text_chat/response_prefix SETTINGS_CONFLICT',
      ]);
    },
    'text_chat.response_suffix': async () => {
      world.model.always({ text: TEXT });
      expect(await content(under({ response_suffix: ' So be it.' }))).toBe(`${TEXT} So be it.`);
      expect(await withJson({ response_suffix: ' So be it.' })).toEqual([
        '/settings/text_chat/response_suffix SETTINGS_CONFLICT',
      ]);
    },
  };

  const withJson = async (text_chat: Body) => {
    const settings = { response_format: 'json', json_schema: { type: 'object' }, text_chat };
    return codes(await api('POST', '/sessions', { settings }));
  };
  const turnThatAsksNobody = async (text_chat: Body) => {
    const answer = await say(await begin(under(text_chat)));
    expect(world.model.requests()).toEqual([]);
    return answer;
  };
  /** Seven messages in all leave windows of 2: twelve of fourteen. */
  const summarises = async (text_chat: Body, calls: number) => {
    const ordered = () => world.model.requests({ schema: 'session_summary' }).length;
    const session = await begin({ max_context_messages: 2, text_chat });
    for (let n = 0; n < 7; n += 1) await say(session, `n${n}`);
    if (calls > 0) expect(await soon(async () => ordered() > 0)).toBe(true);
    else await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(ordered()).toBe(calls);
    if (calls > 0) expect(lastRequest().system).not.toContain('source=summary');
  };

  it('is one of those that have a test here', () => {
    const useCase = world.app.get(UseCaseCatalogue).find('basic_chat');
    expect(Object.keys(EFFECTS).sort()).toEqual([...(useCase?.settings.values().keys() ?? [])].sort());
  });

  it.each(Object.entries(EFFECTS))('%s', (_, effect) => effect(), 20_000);
});
