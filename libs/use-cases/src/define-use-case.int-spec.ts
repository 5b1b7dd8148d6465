import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { FakeModel } from '../../../test/support/fake-model/index.js';
import { DeclarationError } from './declaration/declaration.js';
import { defineUseCase } from './define-use-case.js';
import { ACTOR, type OpenUseCases, onFake, openUseCases, planInput, refusal, takeTurn } from './use-cases.factory.js';

const EXAMPLES = [
  { message: 'Well?', note: 'A question.' },
  { message: 'And now?', note: 'Another.' },
];

describe('a use case that is defined in code', () => {
  let fake: FakeModel;
  let shipped: OpenUseCases;
  let folder: string;
  beforeAll(async () => {
    fake = await FakeModel.start();
    shipped = await openUseCases({ models: onFake(fake) });
    folder = mkdtempSync(join(tmpdir(), 'parley-garden-'));
    writeFileSync(join(folder, 'system.md'), '{{persona}}\n\nYou grow {{plants}} ({{size}}); you hide {{weed}}.');
    writeFileSync(join(folder, 'examples.json'), JSON.stringify(EXAMPLES));
  });
  afterAll(async () => {
    await shipped.close();
    await fake.stop();
    rmSync(folder, { recursive: true });
  });

  const define = (more: object = {}) =>
    defineUseCase({
      id: 'garden',
      title: 'Garden',
      description: 'Speaks of plants.',
      category: 'basic',
      version: 1,
      folder,
      components: ['text_chat'],
      answers: 'text_chat',
      settings: z.object({
        plants: z.array(z.string().max(20)).max(5).default(['roses', 'phlox']).describe('What grows.'),
        size: z.number().min(1).max(100).default(12).describe('Square metres.'),
        weed: z.string().nullable().default(null).describe('What should not grow.'),
      }),
      context: { plants: true, weather: z.enum(['sun', 'rain']).describe('What it is like outside.') },
      calls: { plan: z.object({ beds: z.number() }) },
      records: { bed: z.object({ plant: z.string() }) },
      ...more,
    });

  async function opened(work: (open: OpenUseCases) => Promise<void> | void): Promise<void> {
    const instead = { sources: [define()], components: shipped.components };
    const open = await openUseCases({ models: onFake(fake), instead });
    try {
      await work(open);
    } finally {
      await open.close();
    }
  }

  it('has the shapes of its calls and records as JSON Schema', () => {
    const { calls, records } = define().read();
    expect(calls['plan']).toMatchObject({ type: 'object', properties: { beds: { type: 'number' } } });
    expect(records['bed']).toMatchObject({ type: 'object', required: ['plant'] });
  });

  it('says its settings in its prompt: lists as lists, nothing where there is nothing', () =>
    opened(async (open) => {
      await takeTurn(open, { useCase: 'garden', context: { plants: ['moss', 'fern'] } });
      const { system } = fake.request({}, fake.requests().length);
      expect(system).toContain('You grow moss, fern (12); you hide .');
    }));

  it('takes what it declares for a message besides its settings, checked, and null for nothing', () =>
    opened((open) => {
      const plan = (context: object) =>
        open.planner.plan(ACTOR, planInput({ useCase: 'garden', context: { ...context } }));
      expect(plan({ weather: 'rain' }).settings).toEqual(plan({}).settings);
      expect(plan({ weather: null }).settings).toEqual(plan({}).settings);
      expect(refusal(() => plan({ weather: 'fog' }))).toMatchObject({
        code: 'OUT_OF_BOUNDS',
        errors: [{ pointer: '/context/weather', detail: expect.stringContaining('weather') }],
      });
    }));

  it('stops the start where it is no declaration, and says where', () => {
    const bad = define({ id: 'No Id', version: 0 });
    expect(() => bad.read()).toThrow(DeclarationError);
    expect(() => bad.read()).toThrow(/\/id .*\n.*\/version /);
  });
});
