import { setTimeout as pause } from 'node:timers/promises';
import { platformErrors } from '@parley/platform/errors';
import { z } from 'zod';
import { answering, component, type Declared, testUseCase } from '../components/component.factory.js';
import { type Component, Components } from '../components/component.js';
import { Ear, type OpenUseCases, openUseCases, type TurnOptions, turnInput } from '../use-cases.factory.js';
import { StopTurn } from './turn.js';
import { TurnFailure, type TurnOutcome } from './turn.types.js';

const NOTHING = () => Promise.resolve({});
const problem = platformErrors.OVERLOADED({ detail: 'the store is full' });

describe('the onion', () => {
  let open: OpenUseCases | undefined;
  let ear: Ear;
  beforeEach(() => {
    ear = new Ear();
  });
  afterEach(async () => {
    await open?.close();
    open = undefined;
  });

  /** A turn through these components, of which the first answers unless it is said otherwise. */
  async function turn(
    components: Component[],
    declared: Partial<Declared> = {},
    more: TurnOptions = {},
  ): Promise<TurnOutcome> {
    const names = components.map(({ name }) => name);
    const source = testUseCase({ components: names, answers: names[0] ?? 'text_chat', ...declared });
    open = await openUseCases({ instead: { sources: [source], components: new Components(components) } });
    return open.engine.run(turnInput(open.planner, { useCase: 'test_case', ...more }), ear);
  }

  async function failure(work: Promise<TurnOutcome>): Promise<TurnFailure> {
    const failed = await work.then(
      () => null,
      (error: unknown) => error,
    );
    if (failed instanceof TurnFailure) return failed;
    throw new Error('the turn did not fail as turns do', { cause: failed });
  }

  describe('the order', () => {
    it('is that of the kinds on the way in, its reverse on the way out, and that of the list in results', async () => {
      const steps: string[] = [];
      const note = (step: string) => () => {
        steps.push(step);
        return NOTHING();
      };
      const both = (name: 'tools' | 'persona' | 'multimodal' | 'router' | 'trace') =>
        component(name, { enter: note(`in ${name}`), leave: note(`out ${name}`) });
      const outcome = await turn([
        answering('text_chat'),
        both('tools'),
        both('multimodal'),
        both('persona'),
        both('trace'),
        both('router'),
      ]);
      expect(steps).toEqual([
        ...['in trace', 'in router', 'in persona', 'in multimodal', 'in tools'],
        ...['out tools', 'out multimodal', 'out persona', 'out router', 'out trace'],
      ]);
      const declared = ['text_chat', 'tools', 'multimodal', 'persona', 'trace', 'router'];
      expect(Object.keys(outcome.componentResults)).toEqual(declared);
      expect(ear.events.indexOf('completed tools')).toBeLessThan(ear.events.indexOf('started text_chat'));
    });

    it('has memory and search go at the same time', async () => {
      const meet = new Map<string, () => void>();
      const waiting = (name: string, other: string) => async () => {
        await new Promise<void>((resolve) => {
          meet.set(name, resolve);
          meet.get(other)?.();
          if (meet.has(other)) resolve();
        });
        return {};
      };
      const memory = component('memory', { enter: waiting('memory', 'search') });
      const search = component('search', { enter: waiting('search', 'memory') });
      const outcome = await turn([answering('text_chat'), memory, search]);
      expect(outcome.componentResults).toMatchObject({ memory: { status: 'ok' }, search: { status: 'ok' } });
    });

    it('has one that is listed and does not answer work on the way in', async () => {
      const entered = component('text_chat', { enter: () => Promise.resolve({ metadata: { checked: true } }) });
      const outcome = await turn([answering('multi_agent'), entered]);
      expect(outcome.componentResults['text_chat']).toMatchObject({ success: true, metadata: { checked: true } });
    });
  });

  describe('results', () => {
    it('are what hooks reported, laid over each other, with the common members', async () => {
      const search = component('search', {
        enter: () => Promise.resolve({ fields: { sources: [1], mode: 'hybrid' }, metadata: { candidates: 3 } }),
        leave: () =>
          Promise.resolve({ fields: { citations: [2] }, status: 'partial' as const, metadata: { late: true } }),
      });
      const { componentResults } = await turn([answering('text_chat'), search]);
      expect(componentResults['search']).toEqual({
        success: true,
        status: 'partial',
        duration_ms: expect.any(Number),
        error: null,
        metadata: { candidates: 3, late: true },
        sources: [1],
        mode: 'hybrid',
        citations: [2],
      });
      expect(componentResults['text_chat']).toMatchObject({ success: true, status: 'ok', said: 'the answer' });
    });

    it('of one without work say so, and nothing is heard of it', async () => {
      const idle = component('memory', { idle: () => 'nothing is remembered here', enter: NOTHING });
      const { componentResults } = await turn([answering('text_chat'), idle, component('search')]);
      expect(componentResults['memory']).toMatchObject({
        success: true,
        status: 'skipped',
        metadata: { reason: 'nothing is remembered here' },
      });
      expect(componentResults['search']).toMatchObject({ success: true, status: 'skipped' });
      expect(ear.events).toEqual(['started text_chat', 'message by tester', 'completed text_chat']);
    });

    it('leave out what a setting switched off', async () => {
      const off = {
        settings: { memory_enabled: z.boolean().default(true).describe('memory') },
        switches: { memory_enabled: 'memory' as const },
      };
      const memory = component('memory', { enter: NOTHING });
      const { componentResults } = await turn([answering('text_chat'), memory], off, {
        sessionSettings: { memory_enabled: false },
      });
      expect(Object.keys(componentResults)).toEqual(['text_chat']);
    });

    it('are at most 64 KiB each: the longest lists are cut, and it is said', async () => {
      const sources = Array.from({ length: 4000 }, (_, index) => ({ id: index, text: 'word '.repeat(10) }));
      const search = component('search', { enter: () => Promise.resolve({ fields: { sources, mode: 'lexical' } }) });
      const { componentResults } = await turn([answering('text_chat'), search]);
      const result = componentResults['search'];
      expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(65_536);
      expect(result).toMatchObject({ mode: 'lexical', metadata: { truncated: { sources: 4000 } } });
      expect(result?.['sources']).toEqual(sources.slice(0, 500));
    });

    it('keep only what is common of one that is too long without lists', async () => {
      const search = component('search', { enter: () => Promise.resolve({ fields: { dump: 'x'.repeat(70_000) } }) });
      const { componentResults } = await turn([answering('text_chat'), search]);
      expect(componentResults['search']).toMatchObject({ status: 'ok', metadata: { truncated: { fields: true } } });
      expect(componentResults['search']).not.toHaveProperty('dump');
    });
  });

  describe('a component that fails', () => {
    const failing = component('memory', { enter: () => Promise.reject(problem) });

    it('on the way in is told to the others and in the answer, where it is optional', async () => {
      const heard: string[][] = [];
      const listening = answering('text_chat', 'so be it', {});
      const answer = listening.answer?.bind(listening) ?? NOTHING;
      const outcome = await turn([
        {
          ...listening,
          answer: (one) => {
            heard.push([...one.missing]);
            return answer(one);
          },
        },
        failing,
      ]);
      expect(heard).toEqual([['memory']]);
      expect(outcome.messages).toMatchObject([{ content: 'so be it', metadata: { degraded: ['memory'] } }]);
      expect(outcome.componentResults['memory']).toMatchObject({
        success: false,
        status: 'failed',
        error: { code: 'OVERLOADED', detail: 'the store is full' },
      });
    });

    it('is told to the model, so that it does not pretend', async () => {
      const shipped = await openUseCases();
      const prompts: string[] = [];
      try {
        const textChat = shipped.components.get('text_chat');
        const asking = component('text_chat', {
          settings: textChat.settings,
          answer: (one) => {
            jest.spyOn(one.models, 'stream').mockImplementation((call) => {
              prompts.push(call.messages[0]?.content ?? '');
              return Promise.reject(problem);
            });
            return textChat.answer?.(one) ?? NOTHING();
          },
        });
        await failure(turn([asking, failing]));
      } finally {
        await shipped.close();
      }
      expect(prompts).toEqual([expect.stringContaining('Not available in this turn: memory.')]);
    });

    it('ends the turn where it is required, and what was to follow has not begun', async () => {
      const { error, outcome } = await failure(
        turn([answering('text_chat'), failing, component('tools', { enter: NOTHING })], { required: ['memory'] }),
      );
      expect(error.code).toBe('OVERLOADED');
      expect(outcome.messages).toEqual([]);
      expect(outcome.componentResults).toMatchObject({
        memory: { status: 'failed' },
        tools: { status: 'skipped' },
        text_chat: { status: 'skipped' },
      });
      expect(ear.events).toEqual(['started memory', 'completed memory']);
    });

    it('can stop the turn though it is optional', async () => {
      const stopping = component('router', { enter: () => Promise.reject(new StopTurn(problem)) });
      expect((await failure(turn([answering('text_chat'), stopping]))).error).toBe(problem);
    });

    it('for a reason of our own is INTERNAL and leaks nothing', async () => {
      const broken = answering('text_chat', '', { answer: () => Promise.reject(new Error('secret table missing')) });
      const { error, outcome } = await failure(turn([broken]));
      expect(error.code).toBe('INTERNAL');
      expect(JSON.stringify(outcome.componentResults)).not.toContain('secret');
    });

    it('on the way out leaves the answer as it is, and the others do their work', async () => {
      const left: string[] = [];
      const memory = component('memory', { enter: NOTHING, leave: () => Promise.reject(problem) });
      const trace = component('trace', { enter: NOTHING, leave: () => NOTHING().finally(() => left.push('trace')) });
      const outcome = await turn([answering('text_chat'), memory, trace]);
      expect(outcome.messages).toMatchObject([{ content: 'the answer' }]);
      expect(outcome.componentResults['memory']).toMatchObject({ status: 'failed', error: { code: 'OVERLOADED' } });
      expect(left).toEqual(['trace']);
    });

    it('by taking too long is left behind, and its signal says so', async () => {
      const signals: AbortSignal[] = [];
      const slow = component('search', {
        enterMs: () => 30,
        enter: async (_, signal) => {
          signals.push(signal);
          await pause(5000, undefined, { ref: false });
          return {};
        },
      });
      const outcome = await turn([answering('text_chat'), slow]);
      expect(outcome.componentResults['search']).toMatchObject({
        status: 'failed',
        error: { code: 'COMPONENT_TIMEOUT' },
      });
      expect(signals[0]?.aborted).toBe(true);
    });

    it('by answering without a word is a fault of ours', async () => {
      expect((await failure(turn([answering('text_chat', '', { answer: NOTHING })]))).error.code).toBe('INTERNAL');
    });
  });

  describe('a turn that is ended from outside', () => {
    it('fails with the reason, wherever it is', async () => {
      const reason = platformErrors.SHUTTING_DOWN();
      const control = new AbortController();
      const waiting = answering('text_chat', '', {
        answer: async (one) => {
          one.say({ type: 'agent', id: 'tester', name: 'Tester' }).write('half');
          control.abort(reason);
          await pause(5000, undefined, { signal: one.signal });
          return {};
        },
      });
      const { error, outcome } = await failure(turn([waiting], {}, { signal: control.signal }));
      expect(error).toBe(reason);
      expect(outcome.messages).toMatchObject([{ content: 'half' }]);
      expect(outcome.componentResults).toMatchObject({
        text_chat: { status: 'failed', error: { code: 'SHUTTING_DOWN' } },
      });
    });

    it('does not begin what has not begun', async () => {
      const control = new AbortController();
      const search = component('search', { enter: async () => control.abort(problem) ?? {} });
      expect((await failure(turn([answering('text_chat'), search], {}, { signal: control.signal }))).error).toBe(
        problem,
      );
      expect(ear.events).not.toContain('started text_chat');
    });
  });

  describe('what else a turn gives', () => {
    it('is rows for the last transaction', async () => {
      const write = () => Promise.resolve();
      const memory = component('memory', {
        enter: NOTHING,
        leave: (one) => {
          one.writes.push(write);
          one.spoken[0]?.flag({ remembered: true });
          return NOTHING();
        },
      });
      const outcome = await turn([answering('text_chat'), memory]);
      expect(outcome).toMatchObject({
        writes: [write],
        usage: { input_tokens: 0, cost_usd: 0, models: [] },
        calls: [],
      });
      expect(outcome.messages).toMatchObject([
        { metadata: { remembered: true }, finishReason: 'stop', author: { id: 'tester' } },
      ]);
    });
  });
});
