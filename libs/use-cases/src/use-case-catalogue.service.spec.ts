import { systemActor } from '@parley/auth';
import { answering, testUseCase } from './components/component.factory.js';
import { Components } from './components/component.js';
import type { Listing } from './use-case-catalogue.service.js';
import { ACTOR, type OpenUseCases, openUseCases, refusal } from './use-cases.factory.js';

describe('the catalogue', () => {
  let open: OpenUseCases;
  beforeEach(async () => {
    open = await openUseCases();
  });
  afterEach(() => open.close());

  it('lists all on one page, with what the contract names', () => {
    const { items, next_cursor } = open.catalogue.list(ACTOR, { limit: 50 });
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

  it('pages, either way, and takes only its own cursors', async () => {
    const sources = ['first_one', 'second_one', 'third_one'].map((id) =>
      testUseCase({ id, components: ['text_chat'], answers: 'text_chat' }),
    );
    const many = await openUseCases({ instead: { sources, components: new Components([answering('text_chat')]) } });
    try {
      const { catalogue } = many;
      const names = (listing: Listing) => catalogue.list(ACTOR, listing).items.map(({ name }) => name);
      const { items, next_cursor } = catalogue.list(ACTOR, { limit: 2 });
      expect(items.map(({ name }) => name)).toEqual(['first_one', 'second_one']);
      expect(names({ limit: 2, cursor: next_cursor ?? '' })).toEqual(['third_one']);
      expect(names({ limit: 50, order: 'desc' })).toEqual(['third_one', 'second_one', 'first_one']);
      expect(catalogue.list(ACTOR, { limit: 3 }).next_cursor).toBeNull();
      const strange: Listing = { limit: 2, cursor: next_cursor ?? '', order: 'desc' };
      expect(refusal(() => catalogue.list(ACTOR, strange)).code).toBe('INVALID_CURSOR');
    } finally {
      await many.close();
    }
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
    expect(open.catalogue.list(ACTOR, { limit: 50 }).items.map(({ enabled }) => enabled)).toEqual([false]);
    const other = systemActor('org_01ARZ3NDEKTSV4RRFFQ69G5FAW', []);
    expect(open.catalogue.get(other, 'basic_chat').enabled).toBe(true);
  });
});
