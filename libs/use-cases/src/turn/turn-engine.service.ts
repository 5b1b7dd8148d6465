import { Injectable, Logger } from '@nestjs/common';
import { ModelGateway } from '@parley/llm';
import { Clock } from '@parley/platform/clock';
import { AppError, platformErrors } from '@parley/platform/errors';
import { type Component, Components } from '../components/component.js';
import { ComponentMetrics } from '../components/component.metrics.js';
import { ComponentWork, type Failure } from '../components/component-work.js';
import type { ComponentName } from '../declaration/declaration.js';
import { UseCaseCatalogue } from '../use-case-catalogue.service.js';
import { useCaseErrors } from '../use-cases.errors.js';
import { runLimits } from './run-limits.js';
import { StopTurn, Turn } from './turn.js';
import { type ComponentResult, TurnFailure, type TurnInput, type TurnOutcome, type TurnSink } from './turn.types.js';
import { TurnModels } from './turn-models.js';
import { within } from './within.js';

/** The way in; those of one step go at the same time. Back it goes in reverse. */
const WAY_IN: readonly (readonly ComponentName[])[] = [
  ['trace'],
  ['router'],
  ['persona'],
  ['multimodal'],
  ['memory', 'search'],
  ['tools'],
  ['multi_agent'],
  ['text_chat'],
];

const WAY_OUT: readonly ComponentName[] = WAY_IN.flat().reverse();

/** How long `enter` may take where a component says nothing of it. */
const ENTER_MS = 10_000;

/** What one passage through the onion works on. */
interface Passage {
  readonly turn: Turn;
  readonly sink: TurnSink;
  /** Of every component of the turn, in the declared order. */
  readonly works: ReadonlyMap<string, ComponentWork>;
}

/** Executes turns: through the components in the order of their kinds, one of which answers, and back. */
@Injectable()
export class TurnEngine {
  private readonly logger = new Logger(TurnEngine.name);

  constructor(
    private readonly catalogue: UseCaseCatalogue,
    private readonly components: Components,
    private readonly gateway: ModelGateway,
    private readonly clock: Clock,
    private readonly metrics: ComponentMetrics,
  ) {}

  /** @throws TurnFailure with what there is all the same */
  async run(input: TurnInput, sink: TurnSink): Promise<TurnOutcome> {
    const passage = this.open(input, sink);
    try {
      for (const step of WAY_IN) await this.goIn(passage, step);
      await this.answer(passage);
      await this.goOut(passage);
      return this.outcome(passage);
    } catch (thrown) {
      throw new TurnFailure(this.describe(passage.turn, thrown), this.outcome(passage));
    } finally {
      for (const work of passage.works.values()) this.metrics.observe(work);
    }
  }

  private open(input: TurnInput, sink: TurnSink): Passage {
    const { plan, actor, signal, deadline, correlationId } = input;
    const useCase = this.catalogue.find(plan.useCase);
    if (useCase === undefined) throw new TurnFailure(useCaseErrors.USE_CASE_UNKNOWN(), {});
    const limits = runLimits(useCase.limits, useCase.answers, plan.wallClockMs / 1000);
    const scope = { actor, signal, deadline, ...(correlationId === undefined ? {} : { correlationId }) };
    const turn = new Turn(useCase, input, new TurnModels(this.gateway, scope, limits), sink, this.clock.now());
    return { turn, sink, works: new Map(plan.components.map((name) => [name, new ComponentWork(name)])) };
  }

  private async goIn(passage: Passage, step: readonly ComponentName[]): Promise<void> {
    const { turn, works } = passage;
    const entering = step.filter((name) => name !== turn.useCase.answers && works.has(name));
    if (entering.length === 0) return;
    turn.signal.throwIfAborted();
    const entered = await Promise.allSettled(entering.map((name) => this.enter(passage, this.components.get(name))));
    for (const one of entered) if (one.status === 'rejected') throw one.reason;
  }

  private async enter({ turn, sink, works }: Passage, component: Component): Promise<void> {
    const { name } = component;
    const work = works.get(name);
    const enter = component.enter?.bind(component);
    if (work === undefined || enter === undefined) return;
    const idle = component.idle?.(turn);
    if (typeof idle === 'string') {
      work.skip(idle);
      return;
    }
    const milliseconds = component.enterMs?.(turn.settingsOf(name)) ?? ENTER_MS;
    const hook = () => within(milliseconds, turn.signal, (signal) => enter(turn, signal));
    const failure = await work.run(sink, hook, (thrown) => this.describe(turn, thrown));
    if (failure === null) return;
    if (endsTurn(turn, name, failure)) throw failure.error;
    turn.missing.push(name);
  }

  private async answer({ turn, sink, works }: Passage): Promise<void> {
    const component = this.components.get(turn.useCase.answers);
    const work = works.get(component.name);
    const answer = component.answer?.bind(component);
    if (work === undefined || answer === undefined) throw new Error(`${component.name} cannot answer`);
    turn.signal.throwIfAborted();
    const failure = await work.run(
      sink,
      () => answer(turn),
      (thrown) => this.describe(turn, thrown),
    );
    if (failure !== null) throw failure.error;
    const last = turn.spoken.at(-1);
    if (last === undefined) throw new Error(`${component.name} did not say anything`);
    if (turn.missing.length > 0) last.flag({ degraded: [...turn.missing] });
  }

  /** What fails here leaves the answer as it is and is told in the component's result. */
  private async goOut({ turn, works }: Passage): Promise<void> {
    const { limits, answers } = turn.useCase;
    const until = performance.now() + runLimits(limits, answers, 0).leave_seconds * 1000;
    for (const name of WAY_OUT) {
      const work = name === answers ? undefined : works.get(name);
      if (work === undefined || work.status === 'failed') continue;
      const component = this.components.get(name);
      const leave = component.leave?.bind(component);
      if (leave === undefined) continue;
      const hook = () => within(until - performance.now(), turn.signal, (signal) => leave(turn, signal));
      const failure = await work.extend(hook, (thrown) => this.describe(turn, thrown));
      if (failure !== null) this.logger.warn({ msg: 'failed on the way out', component: name, err: failure.error });
    }
  }

  private outcome({ turn, works }: Passage): TurnOutcome {
    const componentResults: Record<string, ComponentResult> = {};
    for (const [name, work] of works) componentResults[name] = work.result();
    return {
      messages: turn.spoken.map((speech) => speech.toMessage()),
      componentResults,
      usage: turn.models.usage(),
      calls: turn.models.calls,
      writes: turn.writes,
    };
  }

  /** The one error of the catalogue for whatever was thrown; an unknown one is a fault of ours and is logged. */
  private describe(turn: Turn, thrown: unknown): AppError {
    const reason: unknown = turn.signal.reason;
    if (turn.signal.aborted && reason instanceof AppError) return reason;
    if (thrown instanceof AppError) return thrown;
    if (thrown instanceof StopTurn) return thrown.error;
    this.logger.error({ msg: 'a turn failed for a reason of our own', err: thrown, run_id: turn.input.runId });
    return platformErrors.INTERNAL({ cause: thrown });
  }
}

/** Whether the turn cannot go on without what failed on the way in. */
function endsTurn({ signal, useCase }: Turn, name: ComponentName, { thrown }: Failure): boolean {
  return signal.aborted || useCase.required.has(name) || thrown instanceof StopTurn;
}
