import { FakeModel, type FakeRequest } from '../../../../../test/support/fake-model/index.js';
import { BUILT_IN_PERSONAS, personaOpening } from '../../personas/built-in.js';
import { TurnFailure, type TurnOutcome } from '../../turn/turn.types.js';
import {
  Ear,
  type OpenUseCases,
  onFake,
  openUseCases,
  pastTurns,
  type TurnOptions,
  takeTurn,
} from '../../use-cases.factory.js';

/** Role and text of every message that a request held. */
function asked(request: FakeRequest): [string, string][] {
  const body = request.body;
  const messages: unknown = typeof body === 'object' && body !== null && 'messages' in body ? body.messages : [];
  return Array.isArray(messages) ? messages.map((one) => [one.role, one.content]) : [];
}

describe('text_chat over the wire', () => {
  let fake: FakeModel;
  let open: OpenUseCases;
  let ear: Ear;
  beforeAll(async () => {
    fake = await FakeModel.start();
    open = await openUseCases({ models: onFake(fake) });
  });
  beforeEach(() => {
    fake.reset();
    ear = new Ear();
  });
  afterAll(async () => {
    await open.close();
    await fake.stop();
  });

  const turn = (options: TurnOptions = {}) => takeTurn(open, options, ear);
  const said = ({ messages }: TurnOutcome) => messages.map(({ content }) => content).join('|');
  const report = ({ componentResults }: TurnOutcome) => componentResults['text_chat'];

  async function fails(options: TurnOptions = {}): Promise<TurnFailure> {
    const failed = await turn(options).catch((error: unknown) => error);
    if (failed instanceof TurnFailure) return failed;
    throw new Error('the turn did not fail');
  }

  async function system(options: TurnOptions = {}): Promise<string> {
    await turn(options);
    return fake.request({}, fake.requests().length).system;
  }

  describe('an answer', () => {
    it('is what the model said, with who answered and what it took', async () => {
      fake.always({ text: 'It is 42, of course.' });
      const outcome = await turn({ content: 'What is 15 + 27?' });
      expect(said(outcome)).toBe('It is 42, of course.');
      expect(Object.keys(outcome.componentResults)).toEqual(['text_chat']);
      expect(report(outcome)).toEqual({
        success: true,
        status: 'ok',
        duration_ms: expect.any(Number),
        error: null,
        metadata: {},
        model: 'openai:first',
        context_messages_used: 0,
        trimmed: { history_messages: 0, blocks: [] },
        finish_reason: 'stop',
        response_format: 'markdown',
        first_token_ms: expect.any(Number),
        attempts: 1,
        filtered: false,
      });
      const { input, output } = fake.usageOf();
      expect(outcome.usage).toEqual({
        input_tokens: input,
        output_tokens: output,
        cost_usd: null,
        models: ['openai:first'],
      });
      expect(outcome.calls).toEqual([
        {
          purpose: 'answer',
          provider: 'openai',
          model: 'first',
          inputTokens: input,
          outputTokens: output,
          costUsd: null,
          estimated: false,
        },
      ]);
      expect(outcome.messages).toMatchObject([
        {
          author: { type: 'agent', id: 'helpful_assistant', name: 'Helpful Assistant' },
          finishReason: 'stop',
          metadata: {},
        },
      ]);
      expect(fake.request().headers['x-correlation-id']).toBe('corr-1');
    });

    it('names the model that took over, and all tries that it took', async () => {
      fake.script({ when: { model: 'first' }, reply: { status: 500 } });
      fake.always({ text: 'I can.' });
      const two = await openUseCases({
        models: onFake(fake, { roles: { default: ['openai:first', 'openai:second'] } }),
      });
      const outcome = await takeTurn(two, {}, ear).finally(() => two.close());
      expect(said(outcome)).toBe('I can.');
      expect(report(outcome)).toMatchObject({ success: true, model: 'openai:second', attempts: 4 });
      expect(outcome.usage?.models).toEqual(['openai:second']);
      expect(outcome.calls).toMatchObject([{ provider: 'openai', model: 'second' }]);
    });

    it('goes out as deltas that join to the stored text, under the id of the message', async () => {
      fake.always({ text: 'one two three four', betweenMs: 5 });
      const outcome = await turn();
      expect(ear.deltas.length).toBeGreaterThan(1);
      expect([...ear.texts]).toEqual([[outcome.messages[0]?.id, 'one two three four']]);
      expect(ear.events).toEqual(['started text_chat', 'message by helpful_assistant', 'completed text_chat']);
    });

    it('is never cached: asked twice, answered twice', async () => {
      const answers = [await turn({ content: 'again' }), await turn({ content: 'again' })].map(said);
      expect(fake.requests()).toHaveLength(2);
      expect(answers[0]).not.toBe(answers[1]);
    });

    it('that was cut by its length is kept as such', async () => {
      fake.always({ text: 'as long as', finishReason: 'length' });
      const outcome = await turn();
      expect(report(outcome)).toMatchObject({ finish_reason: 'length', status: 'ok' });
      expect(outcome.messages[0]?.finishReason).toBe('length');
    });
  });

  describe('the window', () => {
    const past = pastTurns(...Array.from({ length: 24 }, (_, index) => `text ${index}`));

    it('shows the model the last 20 messages, the system prompt once, and the new message', async () => {
      const outcome = await turn({ content: 'the new one', history: past });
      const messages = asked(fake.request());
      expect(messages.map(([role]) => role).filter((role) => role === 'system')).toHaveLength(1);
      expect(messages.slice(1, -1).map(([, content]) => content)).toEqual(past.slice(4).map(({ content }) => content));
      expect(messages.at(-1)).toEqual(['user', 'the new one']);
      expect(report(outcome)).toMatchObject({ context_messages_used: 20 });
    });

    it('may be shut', async () => {
      await turn({ history: past, sessionSettings: { max_context_messages: 0 } });
      expect(asked(fake.request()).map(([role]) => role)).toEqual(['system', 'user']);
    });

    it('is cut in whole exchanges where the model reads less', async () => {
      const small = await openUseCases({ models: onFake(fake, { context_tokens: { 'openai:first': 500 } }) });
      try {
        const history = pastTurns('long '.repeat(300), 'answer 1', 'question 2', 'answer 2');
        const outcome = await takeTurn(small, { history, sessionSettings: { max_output_tokens: 100 } });
        expect(
          asked(fake.request())
            .map(([, content]) => content)
            .slice(1),
        ).toEqual(['question 2', 'answer 2', 'Hello there']);
        expect(report(outcome)).toMatchObject({ trimmed: { history_messages: 2 }, context_messages_used: 2 });
        const failed = takeTurn(small, { sessionSettings: { max_output_tokens: 450 } });
        await expect(failed).rejects.toMatchObject({ error: { code: 'INPUT_TOO_LONG' } });
        const refused = takeTurn(small, { content: 'word '.repeat(500), sessionSettings: { max_output_tokens: 100 } });
        await expect(refused).rejects.toMatchObject({
          code: 'INPUT_TOO_LONG',
          facts: { errors: [{ pointer: '/content' }] },
        });
        expect(fake.requests()).toHaveLength(1);
      } finally {
        await small.close();
      }
    });
  });

  describe('the system prompt', () => {
    it.each(BUILT_IN_PERSONAS.map((persona) => [persona.slug, persona] as const))(
      'opens as %s',
      async (slug, persona) => {
        expect(await system({ sessionSettings: { personality: slug } })).toMatch(
          new RegExp(`^You are ${persona.name}\\.\n`),
        );
        expect(fake.request().system.startsWith(personaOpening(persona))).toBe(true);
      },
    );

    it('says one thing for each value of each setting that words are for', async () => {
      const usual = await system();
      const each: [string, TurnOptions][] = [
        ['formally: complete', { context: { response_style: 'formal' } }],
        ['technically', { context: { response_style: 'technical' } }],
        ['creatively', { context: { response_style: 'creative' } }],
        ['concisely', { context: { response_style: 'concise' } }],
        ['formally and politely', { sessionSettings: { text_chat: { formality_level: 'formal' } } }],
        ['casually', { sessionSettings: { text_chat: { formality_level: 'casual' } } }],
        ['basics of the field', { sessionSettings: { text_chat: { expertise_level: 'specialized' } } }],
        ['expert of the field', { sessionSettings: { text_chat: { expertise_level: 'expert' } } }],
        ['plain text without', { context: { response_format: 'text' } }],
        ['HTML fragment', { context: { response_format: 'html' } }],
        ['in German (de)', { context: { language: 'de' } }],
        ['in Brazilian Portuguese (pt-BR)', { context: { language: 'pt-BR' } }],
        ['Call me Ishmael.', { sessionSettings: { custom_instructions: 'Call me Ishmael.' } }],
        ['22 November 2026 (time zone Pacific/Auckland)', { sessionSettings: { time_zone: 'Pacific/Auckland' } }],
        ['21 November 2026 (time zone Asia/Tokyo)', { timeZone: 'Asia/Tokyo' }],
        ['(time zone UTC)', { timeZone: 'No/Such_Zone' }],
      ];
      for (const [words, options] of each) {
        if (words.includes('UTC')) expect(usual).toContain(words);
        else expect(usual).not.toContain(words);
        expect(await system(options)).toContain(words);
      }
      expect(usual).toContain('Answer in Markdown.');
      expect(usual).toContain('in the language of the user');
      expect(usual).toContain('natural, direct');
    });
  });

  describe('what is sent along', () => {
    const sent = async (options: TurnOptions): Promise<unknown> => {
      await turn(options);
      return fake.request({}, fake.requests().length).body;
    };

    it('is what the settings say, and nothing that is unset', async () => {
      const plain = await sent({});
      expect(plain).toMatchObject({ model: 'first', temperature: 0.7, max_tokens: 4000 });
      expect(plain).not.toHaveProperty('top_p');
      const set = { temperature: 0.1, max_output_tokens: 9, model: 'fast' };
      expect(await sent({ context: set })).toMatchObject({ model: 'small', temperature: 0.1, max_tokens: 9 });
      expect(await sent({ sessionSettings: { text_chat: { top_p: 0.5, creativity_level: 0.5 } } })).toMatchObject({
        top_p: 0.5,
        temperature: 0.6,
      });
    });
  });

  describe('formats', () => {
    it('html is prefix, the bytes of the model, suffix; deltas too', async () => {
      fake.always({ chunks: ['<b>hi</b><script>', 'x()</script>'] });
      const sessionSettings = {
        response_format: 'html',
        text_chat: { response_prefix: '<p>', response_suffix: '</p>' },
      };
      const outcome = await turn({ sessionSettings });
      expect(said(outcome)).toBe('<p><b>hi</b><script>x()</script></p>');
      expect(ear.deltas.join('')).toBe(said(outcome));
      expect(report(outcome)).toMatchObject({ response_format: 'html' });
    });

    const schema = {
      type: 'object',
      properties: { n: { type: 'integer' } },
      required: ['n'],
      additionalProperties: false,
    };
    const json = { response_format: 'json', json_schema: schema };

    it('json is asked for by the schema, checked, and repaired once with what was wrong', async () => {
      fake.script({ when: { schema: 'response', call: 1 }, reply: { text: '{"n": "one"}' } });
      fake.script({ when: { schema: 'response' }, reply: { text: '{ "n": 1 }' } });
      const outcome = await turn({ sessionSettings: json });
      expect(said(outcome)).toBe('{ "n": 1 }');
      expect(ear.deltas.join('')).toBe('{ "n": 1 }');
      expect(fake.requests()).toHaveLength(2);
      expect(fake.request().schema).toEqual({ name: 'response', schema });
      expect(fake.request({}, 2).user).toContain('/n');
      expect(outcome.calls).toHaveLength(1);
      const { input, output } = fake.usageOf();
      expect(outcome.usage).toMatchObject({ input_tokens: input, output_tokens: output });
      expect(report(outcome)).toMatchObject({ attempts: 2 });
    });

    it('json that is wrong twice fails the turn, and nothing was said', async () => {
      fake.always({ text: '{"n": "one"}' });
      const { error, outcome } = await fails({ context: json });
      expect(error).toMatchObject({ code: 'MODEL_OUTPUT_INVALID', status: 422 });
      expect(fake.requests()).toHaveLength(2);
      expect(ear.deltas).toEqual([]);
      expect(outcome.usage?.output_tokens).toBe(fake.usageOf().output);
    });

    it('json is JSON, also where the model wraps it in words', async () => {
      fake.always({ text: 'Here you are:\n```json\n{"n": 7}\n```' });
      expect(said(await turn({ context: json }))).toBe('{"n":7}');
    });

    it('what cannot be stored becomes U+FFFD, in deltas and in the text', async () => {
      fake.always({ chunks: ['a\u0000b', '\ud83d', '\ude00', 'c\ud800'] });
      const outcome = await turn();
      expect(said(outcome)).toBe('a\ufffdb😀c\ufffd');
      expect(ear.deltas.join('')).toBe(said(outcome));
    });
  });

  describe('failures', () => {
    it('before the first text say nothing, not even the prefix, and count what was asked', async () => {
      fake.always({ status: 500 });
      const { error, outcome } = await fails({ sessionSettings: { text_chat: { response_prefix: 'Dear user, ' } } });
      expect(error).toMatchObject({ code: 'MODEL_UNAVAILABLE', status: 502 });
      expect(fake.requests()).toHaveLength(3);
      expect(ear.events).toEqual(['started text_chat', 'completed text_chat']);
      expect(outcome.messages).toEqual([]);
      expect(outcome.usage?.models).toEqual([]);
      expect(ear.results['text_chat']).toMatchObject({
        success: false,
        status: 'failed',
        error: { code: 'MODEL_UNAVAILABLE' },
      });
    });

    it('of silence end the turn after response_timeout_seconds; slow but steady is no silence', async () => {
      fake.script({ when: { user: /hurry/ }, reply: { text: 'late', delayMs: 3000 } });
      const began = performance.now();
      const { error } = await fails({ content: 'hurry', sessionSettings: { response_timeout_seconds: 1 } });
      expect(error).toMatchObject({ code: 'MODEL_TIMEOUT', status: 504 });
      expect(performance.now() - began).toBeLessThan(2500);
      expect(fake.requests()).toHaveLength(1);
      fake.always({ text: 'one two three four five', betweenMs: 400 });
      expect(said(await turn({ sessionSettings: { response_timeout_seconds: 1 } }))).toBe('one two three four five');
    });

    it('after half an answer leave the half with who listened', async () => {
      fake.always({ text: 'one two three four', cutAfter: 2 });
      const { error, outcome } = await fails();
      expect(error).toMatchObject({ code: 'MODEL_STREAM_CUT', status: 502 });
      expect(outcome.usage?.models).toEqual(['openai:first']);
      expect(fake.requests()).toHaveLength(1);
      expect('one two three four').toContain([...ear.texts.values()].join(''));
      expect([...ear.texts.values()].join('')).not.toBe('');
    });

    it('by an empty reply are tried as often as others', async () => {
      fake.always({ empty: true });
      expect((await fails()).error.code).toBe('MODEL_EMPTY_REPLY');
      expect(fake.requests()).toHaveLength(3);
    });

    it('of the caller close the line to the model', async () => {
      fake.always({ text: 'one two three four five six', betweenMs: 200 });
      const control = new AbortController();
      const running = fails({ signal: control.signal });
      await fake.waitFor(({ firstTokenAt }) => firstTokenAt !== null);
      control.abort(new Error('enough'));
      expect((await running).outcome.calls).toHaveLength(1);
      expect(await fake.waitFor(({ aborted }) => aborted)).toHaveLength(1);
    });

    it('of moderation that nobody offers refuse what is to be blocked, and mark what is to be flagged', async () => {
      const blocked = await fails({ sessionSettings: { text_chat: { content_filter: 'block' } } });
      expect(blocked.error).toMatchObject({ code: 'CAPABILITY_UNAVAILABLE', status: 503 });
      expect(fake.requests()).toHaveLength(0);
      const flagged = await turn({ sessionSettings: { text_chat: { content_filter: 'flag' } } });
      expect(flagged.messages[0]?.metadata).toEqual({ degraded: ['moderation'] });
    });
  });
});
