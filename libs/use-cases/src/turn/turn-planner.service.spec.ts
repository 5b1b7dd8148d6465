import { systemActor } from '@parley/auth';
import { z } from 'zod';
import { answering, testUseCase } from '../components/component.factory.js';
import { Components } from '../components/component.js';
import { ACTOR, type OpenUseCases, openUseCases, planInput, refusal } from '../use-cases.factory.js';

const OTHER = systemActor('org_01ARZ3NDEKTSV4RRFFQ69G5FAW', []);

describe('plans', () => {
  let open: OpenUseCases;
  beforeEach(async () => {
    open = await openUseCases({
      models: { roles: { default: ['openai:gpt-x'] }, providers: { openai: { api_key: 'k' } } },
    });
  });
  afterEach(() => open.close());

  type More = Parameters<typeof planInput>[0];
  const plan = (more: More = {}, actor = ACTOR) => open.planner.plan(actor, planInput(more));
  const refused = (more: More) => refusal(() => plan(more));
  const refusedSettings = (settings: Record<string, unknown>) =>
    refusal(() => open.planner.checkSessionSettings(ACTOR, 'basic_chat', settings));

  describe('what a turn is made of', () => {
    it('says what the run needs, from the defaults', () => {
      expect(plan()).toMatchObject({
        useCase: 'basic_chat',
        version: 1,
        adjusted: [],
        historyLimit: 20,
        onBusy: 'queue',
        autoTitle: true,
        wallClockMs: 120_000,
        components: ['text_chat'],
        answers: 'text_chat',
        settings: {
          personality: 'helpful_assistant',
          language: null,
          text_chat: { temperature: 0.7, model: 'default' },
        },
      });
    });

    it('takes what session and message say, the message last, under either name', () => {
      const sessionSettings = {
        max_context_messages: 4,
        on_busy: 'reject',
        text_chat: { temperature: 1 },
        auto_title: false,
      };
      const made = plan({ sessionSettings, context: { temperature: 0.1, personality: 'tutor' } });
      expect(made).toMatchObject({ historyLimit: 4, onBusy: 'reject', autoTitle: false });
      expect(made.settings).toMatchObject({ personality: 'tutor', text_chat: { temperature: 0.1, context_window: 4 } });
      expect(plan({ sessionSettings }).settings).toMatchObject({ text_chat: { temperature: 1 } });
    });

    it('lets null take a value of its own layer away', () => {
      const sessionSettings = { temperature: 1, language: null, text_chat: null };
      expect(plan({ sessionSettings, context: { temperature: null } }).settings).toMatchObject({
        language: null,
        text_chat: { temperature: 1 },
      });
    });

    it('is one and the same for the same settings, and cannot be changed', () => {
      const sessionSettings = { temperature: 1 };
      const made = plan({ sessionSettings });
      expect(plan({ sessionSettings: { ...sessionSettings }, content: 'other words' })).toBe(made);
      expect(plan({ sessionSettings, context: { temperature: 0.2 } })).not.toBe(made);
      expect(Object.isFrozen(made.settings) && Object.isFrozen(made.settings['text_chat'])).toBe(true);
    });

    it('plans 10,000 turns of one session in well under a second', () => {
      const sessionSettings = { temperature: 1, custom_instructions: 'x'.repeat(500) };
      const began = performance.now();
      for (let turn = 0; turn < 10_000; turn += 1) plan({ sessionSettings: { ...sessionSettings } });
      expect(performance.now() - began).toBeLessThan(1000);
    });
  });

  describe('what is refused', () => {
    it('an unknown use case, and one of another name', () => {
      expect(refused({ useCase: 'no_such' })).toMatchObject({ code: 'USE_CASE_UNKNOWN', status: 400 });
      expect(refused({ useCase: 'constructor' }).code).toBe('USE_CASE_UNKNOWN');
    });

    it('an unknown key, naming it and the nearest known one', () => {
      expect(refusedSettings({ max_context_mesages: 3 })).toEqual({
        code: 'UNKNOWN_KEY',
        status: 400,
        errors: [
          {
            pointer: '/settings/max_context_mesages',
            code: 'UNKNOWN_KEY',
            detail: 'max_context_mesages is not known; the nearest known name is max_context_messages',
          },
        ],
      });
      expect(refusedSettings({ text_chat: { temprature: 1 } }).errors).toEqual([
        {
          pointer: '/settings/text_chat/temprature',
          code: 'UNKNOWN_KEY',
          detail: 'text_chat.temprature is not known; the nearest known name is text_chat.temperature',
        },
      ]);
      expect(refused({ context: { 'a/b': 1 } }).errors[0]?.pointer).toBe('/context/a~1b');
      expect(refusedSettings({ search: { top_k: 3 } }).code).toBe('UNKNOWN_KEY');
      expect(refusedSettings(JSON.parse('{"__proto__": {"x": 1}}')).code).toBe('UNKNOWN_KEY');
    });

    it('with one entry for each key, and one code where they share it', () => {
      const { code, errors } = refusedSettings({ temperature: 3, model: 5, nonsense: true });
      expect(code).toBe('VALIDATION_FAILED');
      expect(errors.map((error) => [error.pointer, error.code])).toEqual([
        ['/settings/temperature', 'OUT_OF_BOUNDS'],
        ['/settings/model', 'INVALID_TYPE'],
        ['/settings/nonsense', 'UNKNOWN_KEY'],
      ]);
      expect(refusedSettings({ temperature: 3, max_output_tokens: 0 })).toMatchObject({ code: 'OUT_OF_BOUNDS' });
    });

    it('both names of one setting in one layer', () => {
      const settings = { temperature: 1, text_chat: { temperature: 1 } };
      expect(refusedSettings(settings)).toMatchObject({
        code: 'AMBIGUOUS_KEY',
        errors: [{ pointer: '/settings/text_chat/temperature' }],
      });
    });

    it('a group that is no object', () => {
      expect(refusedSettings({ text_chat: 5 })).toMatchObject({
        code: 'INVALID_TYPE',
        errors: [{ pointer: '/settings/text_chat' }],
      });
    });

    it('in context what counts for the whole session, under its flat and its nested name', () => {
      for (const context of [
        { max_context_messages: 3 },
        { auto_title: false },
        { text_chat: { response_prefix: 'x' } },
      ]) {
        expect(refused({ context }).code).toBe('NOT_PER_TURN');
      }
      expect(refused({ context: { max_context_messages: null } }).code).toBe('NOT_PER_TURN');
      expect(plan({ context: { text_chat: { temperature: 0.5 } } }).settings).toMatchObject({
        text_chat: { temperature: 0.5 },
      });
    });

    it('names that nothing bears: languages, zones, models', () => {
      expect(refusedSettings({ language: 'not a tag!' }).errors[0]).toMatchObject({ pointer: '/settings/language' });
      expect(refusedSettings({ time_zone: 'Mars/Olympus' }).code).toBe('OUT_OF_BOUNDS');
      expect(refusedSettings({ model: 'openai:gpt-y' })).toMatchObject({
        code: 'OUT_OF_BOUNDS',
        errors: [{ pointer: '/settings/model' }],
      });
      for (const model of ['fast', 'judge', 'openai:gpt-x', 'gpt-x']) {
        expect(plan({ context: { model } }).settings).toMatchObject({ text_chat: { model } });
      }
      expect(refused({ context: { model: 'embedding' } }).code).toBe('OUT_OF_BOUNDS');
    });

    it('rules over two settings, with the pointer of the layer that breaks them', () => {
      expect(refusedSettings({ response_format: 'json' })).toMatchObject({
        code: 'SETTING_REQUIRED',
        errors: [{ pointer: '/settings/json_schema' }],
      });
      expect(refused({ context: { response_format: 'json' } }).errors[0]?.pointer).toBe('/context/json_schema');
      const json = { response_format: 'json', json_schema: { type: 'object' } };
      expect(refusedSettings({ ...json, text_chat: { response_suffix: '.' } })).toMatchObject({
        code: 'SETTINGS_CONFLICT',
        errors: [{ pointer: '/settings/text_chat/response_suffix' }],
      });
      expect(refusedSettings({ text_chat: { min_message_length: 9 }, max_message_length: 5 }).code).toBe(
        'SETTINGS_CONFLICT',
      );
      expect(() => open.planner.checkSessionSettings(ACTOR, 'basic_chat', json)).not.toThrow();
      expect(plan({ sessionSettings: json, context: { response_format: 'text' } }).settings).toMatchObject({
        text_chat: { response_format: 'text' },
      });
    });
  });

  describe('the message', () => {
    it('is 1 to 4000 characters after trimming, counted as people count', () => {
      expect(plan({ content: '😀'.repeat(4000) })).toBeDefined();
      expect(plan({ content: `  ${'x'.repeat(4000)}\n` })).toBeDefined();
      for (const content of ['', ' \n\t ', '😀'.repeat(4001)]) {
        expect(refused({ content })).toMatchObject({
          code: 'OUT_OF_BOUNDS',
          status: 400,
          errors: [{ pointer: '/content' }],
        });
      }
      expect(plan({ content: 'x'.repeat(32_000), sessionSettings: { max_message_length: 32_000 } })).toBeDefined();
      expect(refused({ content: 'abc', sessionSettings: { text_chat: { min_message_length: 4 } } }).code).toBe(
        'OUT_OF_BOUNDS',
      );
    });

    it('holds nothing that cannot be stored, and markup as it is', () => {
      for (const content of ['a\0b', 'a\ud800b', '\udc00']) expect(refused({ content }).code).toBe('INVALID_TEXT');
      expect(plan({ content: '<script>alert(1)</script> 😀' })).toBeDefined();
    });

    it('has no attachments here', () => {
      const attachments = [{ media_id: 'med_1' }, { media_id: 'med_2' }];
      expect(refused({ attachments })).toMatchObject({
        code: 'MEDIA_KIND_NOT_ALLOWED',
        status: 400,
        errors: [{ pointer: '/attachments/0' }, { pointer: '/attachments/1' }],
      });
    });
  });

  describe('an organisation that configures', () => {
    const configure = (input: unknown) => open.configuration.replace(ACTOR, 'basic_chat', input);

    it('changes defaults from the next turn on, for itself alone', async () => {
      const before = plan();
      await configure({ settings: { temperature: 0.1, text_chat: { response_prefix: 'A: ' } } });
      expect(plan().settings).toMatchObject({ text_chat: { temperature: 0.1, response_prefix: 'A: ' } });
      expect(before.settings).toMatchObject({ text_chat: { temperature: 0.7 } });
      expect(plan({}, OTHER).settings).toEqual(before.settings);
      await open.configuration.reset(ACTOR, 'basic_chat');
      expect(plan().settings).toEqual(before.settings);
    });

    it('switches off: nothing new, and what is there may still be changed', async () => {
      await configure({ enabled: false });
      expect(refused({})).toMatchObject({ code: 'USE_CASE_DISABLED', status: 409 });
      expect(refusedSettings({}).code).toBe('USE_CASE_DISABLED');
      expect(() => open.planner.checkChangedSettings(ACTOR, 'basic_chat', { temperature: 1 })).not.toThrow();
      expect(plan({}, OTHER)).toBeDefined();
      await configure({ enabled: true });
      expect(plan()).toBeDefined();
    });

    it('fixes values: refused when set, and stored ones give way', async () => {
      await configure({ settings: { model: 'fast' }, locked: ['model', 'text_chat.response_prefix'] });
      expect(refusedSettings({ model: 'judge' })).toMatchObject({
        code: 'ADMIN_ONLY',
        errors: [{ pointer: '/settings/model' }],
      });
      expect(refused({ context: { model: 'judge' } }).code).toBe('ADMIN_ONLY');
      const made = plan({ sessionSettings: { model: 'judge', text_chat: { response_prefix: 'mine' } } });
      expect(made.settings).toMatchObject({ text_chat: { model: 'fast', response_prefix: '' } });
      expect(made.adjusted).toEqual([
        { setting: 'model', reason: 'fixed', used: 'fast' },
        { setting: 'text_chat.response_prefix', reason: 'fixed', used: '' },
      ]);
    });

    it('narrows bounds: stored values move to the nearest allowed one and are listed', async () => {
      const sessionSettings = { max_context_messages: 50, temperature: 0.2, gone_by_now: 1, personality: 'critic' };
      await configure({
        bounds: {
          max_context_messages: { maximum: 10 },
          text_chat: { temperature: { minimum: 0.5 } },
          personality: { enum: ['tutor'] },
        },
      });
      const made = plan({ sessionSettings });
      expect(made.settings).toMatchObject({
        personality: 'tutor',
        text_chat: { context_window: 10, temperature: 0.5 },
      });
      expect(made.adjusted).toEqual([
        { setting: 'max_context_messages', reason: 'out_of_bounds', used: 10 },
        { setting: 'temperature', reason: 'out_of_bounds', used: 0.5 },
        { setting: 'gone_by_now', reason: 'unknown' },
        { setting: 'personality', reason: 'out_of_bounds', used: 'tutor' },
      ]);
      expect(made.historyLimit).toBe(10);
      expect(refusedSettings({ max_context_messages: 11 }).code).toBe('OUT_OF_BOUNDS');
      const schema = open.catalogue.get(ACTOR, 'basic_chat').settings_schema;
      expect(schema).toMatchObject({
        properties: {
          max_context_messages: { default: 10, maximum: 10 },
          temperature: { default: 0.7, minimum: 0.5 },
          personality: { default: 'tutor', enum: ['tutor'] },
        },
      });
    });

    it('drops what a session stored where it cannot go with the rest any more', async () => {
      const sessionSettings = { text_chat: { response_prefix: 'Dear user, ' } };
      await configure({ settings: { response_format: 'json', json_schema: { type: 'object' } } });
      expect(plan({ sessionSettings }).adjusted).toEqual([
        { setting: 'text_chat.response_prefix', reason: 'conflict', used: '' },
      ]);
    });

    it('refuses a message that was not accepted yet, and moves what one carries that was', async () => {
      const context = { temperature: 2, model: 'judge' };
      plan({ context });
      await configure({ bounds: { temperature: { maximum: 1 } }, locked: ['model'] });
      expect(refused({ context }).code).toBe('VALIDATION_FAILED');
      const made = plan({ context, content: 'x'.repeat(5000), accepted: true });
      expect(made.settings).toMatchObject({ text_chat: { temperature: 1, model: 'default' } });
      expect(made.adjusted.map(({ setting }) => setting)).toEqual(['temperature', 'model']);
    });
  });

  describe('an object with declared members', () => {
    it('merges by member; an opaque one is replaced', async () => {
      const style = z.strictObject({ tone: z.string(), pace: z.string() }).partial();
      const settings = {
        style: style.default({ tone: 'warm', pace: 'calm' }).describe('style'),
        extra: z.record(z.string(), z.unknown()).default({}).describe('extra'),
      };
      const source = testUseCase({
        components: ['text_chat'],
        answers: 'text_chat',
        settings,
        context: { style: true, extra: true },
      });
      const own = await openUseCases({
        instead: { sources: [source], components: new Components([answering('text_chat')]) },
      });
      try {
        const input = planInput({
          useCase: 'test_case',
          sessionSettings: { style: { pace: 'brisk' }, extra: { a: 1 } },
        });
        expect(own.planner.plan(ACTOR, input).settings).toMatchObject({
          style: { tone: 'warm', pace: 'brisk' },
          extra: { a: 1 },
        });
        const made = own.planner.plan(ACTOR, { ...input, context: { style: { tone: 'dry' }, extra: { b: 2 } } });
        expect(made.settings).toEqual({ style: { tone: 'dry', pace: 'brisk' }, extra: { b: 2 } });
      } finally {
        await own.close();
      }
    });
  });
});
