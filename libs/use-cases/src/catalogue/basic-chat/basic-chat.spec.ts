import { BUILT_IN_PERSONAS } from '../../personas/built-in.js';
import { ACTOR, type OpenUseCases, openUseCases } from '../../use-cases.factory.js';

describe('basic_chat', () => {
  let open: OpenUseCases;
  beforeAll(async () => {
    open = await openUseCases();
  });
  afterAll(() => open.close());

  const shown = () => open.catalogue.get(ACTOR, 'basic_chat');

  it('has the settings of the contract, by their names, with their defaults and bounds', () => {
    expect(shown().settings_schema).toMatchObject({
      additionalProperties: false,
      properties: {
        model: { default: 'default' },
        temperature: { default: 0.7, minimum: 0, maximum: 2 },
        max_output_tokens: { default: 4000, minimum: 1 },
        max_context_messages: { default: 20, minimum: 0, maximum: 200 },
        max_message_length: { default: 4000, minimum: 1, maximum: 32_000 },
        response_timeout_seconds: { default: 30, minimum: 1, maximum: 300 },
        response_style: {
          default: 'conversational',
          enum: ['conversational', 'formal', 'technical', 'creative', 'concise'],
        },
        custom_instructions: { default: '', maxLength: 8000 },
        language: { default: null },
        time_zone: { default: null },
        on_busy: { default: 'queue', enum: ['queue', 'reject'] },
        personality: { default: 'helpful_assistant', enum: BUILT_IN_PERSONAS.map(({ slug }) => slug) },
        response_format: { default: 'markdown', enum: ['text', 'markdown', 'html', 'json'] },
        json_schema: { default: null, type: ['object', 'null'] },
        auto_title: { default: true, type: 'boolean' },
        text_chat: { additionalProperties: false, properties: { response_prefix: { maxLength: 500 } } },
      },
    });
  });

  it('takes exactly the marked ones in a message', () => {
    const { properties } = shown().context_schema;
    expect(Object.keys(Object(properties)).sort()).toEqual(
      [
        ...['model', 'temperature', 'max_output_tokens', 'response_style', 'language'],
        ...['personality', 'response_format', 'json_schema'],
      ].sort(),
    );
  });

  it('is one component, a call for its title and one for its summary, and keeps nothing', () => {
    const useCase = open.catalogue.find('basic_chat');
    expect(useCase).toMatchObject({ components: ['text_chat'], answers: 'text_chat', tools: [], records: {} });
    expect(Object.keys(useCase?.calls ?? {})).toEqual(['session_title', 'session_summary']);
    expect(useCase?.required).toEqual(new Set(['text_chat']));
  });
});
