import { AppError } from '@parley/platform/errors';
import { ACTOR, type OpenUseCases, openUseCases } from '../use-cases.factory.js';

describe('what an organisation may configure', () => {
  let open: OpenUseCases;
  beforeEach(async () => {
    open = await openUseCases();
  });
  afterEach(() => open.close());

  async function refusedFindings(input: unknown): Promise<string[]> {
    try {
      await open.configuration.replace(ACTOR, 'basic_chat', input);
    } catch (error) {
      if (error instanceof AppError) return (error.facts.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`);
    }
    throw new Error('it was accepted');
  }

  it.each([
    ['a wider bound', { bounds: { temperature: { maximum: 3 } } }, ['/bounds/temperature OUT_OF_BOUNDS']],
    ['a bound of nothing', { bounds: { nonsense: { maximum: 3 } } }, ['/bounds/nonsense/maximum UNKNOWN_KEY']],
    ['an unknown bound', { bounds: { temperature: { step: 1 } } }, ['/bounds/temperature UNKNOWN_KEY']],
    ['an unknown lock', { locked: ['auto_title', 'nonsense'] }, ['/locked/1 UNKNOWN_KEY']],
    ['an unknown setting', { settings: { nonsense: 1 } }, ['/settings/nonsense UNKNOWN_KEY']],
    [
      'a value outside its own bounds',
      { bounds: { temperature: { maximum: 1 } }, settings: { temperature: 2 } },
      ['/settings/temperature OUT_OF_BOUNDS'],
    ],
    [
      'settings that cannot go together',
      { settings: { response_format: 'json' } },
      ['/settings/json_schema SETTING_REQUIRED'],
    ],
    ['another member', { settings: {}, extra: 1 }, [' UNKNOWN_KEY']],
    ['a member of another type', { enabled: 'no' }, ['/enabled INVALID_TYPE']],
  ])('refuses %s, and stores nothing', async (_, input, findings) => {
    expect(await refusedFindings(input)).toEqual(findings);
    expect(open.overrides.find(ACTOR.orgId, 'basic_chat')).toBeUndefined();
  });

  it('knows bounds and locks of component settings by a dot or under their component', async () => {
    await open.configuration.replace(ACTOR, 'basic_chat', {
      bounds: { 'text_chat.top_p': { maximum: 0.9 }, text_chat: { response_prefix: { maxLength: 10 } } },
    });
    const { settings_schema: schema } = open.catalogue.get(ACTOR, 'basic_chat');
    expect(schema).toMatchObject({
      properties: { text_chat: { properties: { top_p: { maximum: 0.9 }, response_prefix: { maxLength: 10 } } } },
    });
  });

  it('shows what is fixed as read-only, and not in what a message may carry', async () => {
    await open.configuration.replace(ACTOR, 'basic_chat', { settings: { temperature: 0 }, locked: ['temperature'] });
    const { settings_schema: settings, context_schema: context } = open.catalogue.get(ACTOR, 'basic_chat');
    expect(settings).toMatchObject({ properties: { temperature: { default: 0, readOnly: true } } });
    expect(context).not.toHaveProperty('properties.temperature');
    expect(context).toHaveProperty('properties.model');
  });

  it('is decided on a version', async () => {
    const first = await open.configuration.replace(ACTOR, 'basic_chat', { enabled: false });
    const second = await open.configuration.replace(ACTOR, 'basic_chat', {}, first.version);
    expect(second.version).toBe(first.version + 1);
    const stale = open.configuration.replace(ACTOR, 'basic_chat', {}, first.version);
    await expect(stale).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  });

  it('is about use cases that there are', async () => {
    await expect(open.configuration.replace(ACTOR, 'no_such', {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(open.configuration.reset(ACTOR, 'no_such')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(open.configuration.reset(ACTOR, 'basic_chat')).resolves.toBeUndefined();
  });
});
