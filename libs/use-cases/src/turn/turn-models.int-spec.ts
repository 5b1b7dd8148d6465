import { z } from 'zod';
import { FakeModel } from '../../../../test/support/fake-model/index.js';
import { component, testUseCase } from '../components/component.factory.js';
import { Components } from '../components/component.js';
import type { Limits } from '../declaration/declaration.js';
import { Ear, type OpenUseCases, onFake, openUseCases, turnInput } from '../use-cases.factory.js';
import { type Turn } from './turn.js';
import { TurnFailure } from './turn.types.js';

const USER = [{ role: 'user', content: 'Well?' }] as const;
const MOOD = z.object({ mood: z.string() });
/** Whatever is asked costs more than a cent and less than two. */
const PRICES = { 'openai:first': { input_per_million: 0, output_per_million: 7500 } };

describe('the models of one run', () => {
  let fake: FakeModel;
  let open: OpenUseCases | undefined;
  beforeAll(async () => {
    fake = await FakeModel.start();
  });
  beforeEach(() => {
    fake.reset();
    fake.always({ text: 'Fine.' });
  });
  afterEach(() => open?.close());
  afterAll(() => fake.stop());

  const call = (model: string) => ({
    model,
    messages: [...USER],
    temperature: 0,
    maxOutputTokens: 100,
    silenceMs: 5000,
    purpose: 'answer',
  });
  const ask = (turn: Turn, model = 'default') => turn.models.stream(call(model), () => undefined);

  /** Answers by what the work found out. */
  async function run(limits: Limits, work: (turn: Turn) => Promise<string>) {
    const answers = component('text_chat', {
      answer: async (turn) => {
        const text = await work(turn);
        const speech = turn.say({ type: 'agent', id: 'tester', name: 'Tester' });
        speech.write(text);
        speech.finish('stop');
        return {};
      },
    });
    const source = testUseCase({ components: ['text_chat'], answers: 'text_chat', limits });
    open = await openUseCases({
      models: onFake(fake, { prices: PRICES }),
      instead: { sources: [source], components: new Components([answers]) },
    });
    return open.engine.run(turnInput(open.planner, { useCase: 'test_case' }), new Ear());
  }

  async function failure(work: Promise<unknown>): Promise<TurnFailure> {
    const failed = await work.catch((error: unknown) => error);
    if (failed instanceof TurnFailure) return failed;
    throw new Error('the turn did not fail');
  }

  it('give JSON of a shape, counted like every other call', async () => {
    fake.reset();
    fake.script({ when: { schema: 'mood' }, reply: { json: { mood: 'calm' } } });
    const outcome = await run({}, async (turn) => {
      const { value } = await turn.models.json({
        ...call('default'),
        purpose: 'mood',
        schema: { name: 'mood', schema: z.toJSONSchema(MOOD) },
      });
      return MOOD.parse(value).mood;
    });
    expect(outcome.messages).toMatchObject([{ content: 'calm' }]);
    expect(outcome.calls).toMatchObject([{ purpose: 'mood', provider: 'openai', model: 'first' }]);
    expect(outcome.usage.models).toEqual(['openai:first']);
  });

  it('are asked no more when the run has cost what it may, and what was asked is counted', async () => {
    const failed = await failure(
      run({ cost_usd: 0.03 }, async (turn) => {
        for (;;) await ask(turn);
      }),
    );
    expect(failed.error).toMatchObject({ code: 'BUDGET_EXCEEDED', message: expect.stringContaining('0.03 USD') });
    expect(fake.requests()).toHaveLength(2);
    expect(failed.outcome.calls).toHaveLength(2);
    expect(failed.outcome.usage?.cost_usd).toBeGreaterThanOrEqual(0.03);
  });

  it('count against the bound what is known, where one of them has no price', async () => {
    const failed = await failure(
      run({ cost_usd: 0.03 }, async (turn) => {
        await ask(turn, 'fast');
        for (;;) await ask(turn);
      }),
    );
    expect(failed.error.code).toBe('BUDGET_EXCEEDED');
    expect(fake.requests().map(({ model }) => model)).toEqual(['small', 'first', 'first']);
    expect(failed.outcome.usage?.cost_usd).toBeNull();
  });

  it('are asked as often as the run may, also where one call fails', async () => {
    fake.reset();
    fake.script({ when: { call: 1 }, reply: { status: 400 } });
    fake.always({ text: 'Fine.' });
    const failed = await failure(
      run({ model_calls: 3 }, async (turn) => {
        await ask(turn).catch(() => undefined);
        for (;;) await ask(turn);
      }),
    );
    expect(failed.error).toMatchObject({ code: 'BUDGET_EXCEEDED', message: expect.stringContaining('3 model calls') });
    expect(fake.requests()).toHaveLength(3);
  });
});
