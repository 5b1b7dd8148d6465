import { systemActor } from '@parley/auth';
import { ACTOR, type OpenUseCases, openUseCases, refusal } from './use-cases.factory.js';

describe('the catalogue', () => {
  let open: OpenUseCases;
  beforeEach(async () => {
    open = await openUseCases();
  });
  afterEach(() => open.close());

  it('lists all on one page, with what the contract names', () => {
    const { items, next_cursor } = open.catalogue.list(ACTOR);
    expect(next_cursor).toBeNull();
    expect(items.map((item) => Object.keys(item).sort())).toEqual([
      [
        'capabilities',
        'category',
        'components',
        'description',
        'enabled',
        'name',
        'settings_schema',
        'title',
        'version',
      ],
    ]);
  });

  it('shows one with prompts, examples and limits; an unknown one is not found', () => {
    expect(open.catalogue.get(ACTOR, 'basic_chat')).toMatchObject({
      name: 'basic_chat',
      prompts: { system: expect.stringContaining('{{persona}}') },
      limits: { wall_clock_seconds: 120, model_calls: 40, cost_usd: null, leave_seconds: 5 },
    });
    for (const name of ['no_such', '__proto__', 'toString', '']) {
      expect(refusal(() => open.catalogue.get(ACTOR, name))).toMatchObject({ code: 'NOT_FOUND', status: 404 });
    }
  });

  it('lists what an organisation switched off as off, in that organisation', async () => {
    await open.configuration.replace(ACTOR, 'basic_chat', { enabled: false });
    expect(open.catalogue.list(ACTOR).items.map(({ enabled }) => enabled)).toEqual([false]);
    const other = systemActor('org_01ARZ3NDEKTSV4RRFFQ69G5FAW', []);
    expect(open.catalogue.get(other, 'basic_chat').enabled).toBe(true);
  });
});
