import type { Actor } from '@parley/auth';
import {
  type JsonSchemaCall,
  type ModelAnswer,
  type ModelCall,
  ModelCallAborted,
  ModelCallError,
  type ModelGateway,
  type ModelReport,
  type StructuredAnswer,
} from '@parley/llm';
import { useCaseErrors } from '../use-cases.errors.js';
import type { RunLimits } from './run-limits.js';
import type { ModelCallRecord, TurnUsage } from './turn.types.js';

/** What every call of one run shares. */
export interface CallScope {
  readonly actor: Actor;
  readonly signal: AbortSignal;
  readonly deadline: number;
  readonly correlationId?: string;
}

type CallFacts = Omit<CallScope, 'actor'>;
type Scoped = 'signal' | 'deadline' | 'correlationId' | 'traceparent';

/** The models as one run may use them: within its limits, each call counted once, also one that failed. */
export class TurnModels {
  private readonly records: ModelCallRecord[] = [];
  private readonly answerers = new Set<string>();
  private made = 0;

  constructor(
    private readonly gateway: ModelGateway,
    private readonly scope: CallScope,
    private readonly limits: Pick<RunLimits, 'model_calls' | 'cost_usd'>,
  ) {}

  /** Asks and hands over the text while it comes. */
  stream(call: Omit<ModelCall, Scoped>, onText: (text: string) => void): Promise<ModelAnswer> {
    const ask = () => this.gateway.stream(this.scope.actor, { ...call, ...this.shared() }, onText);
    return this.counted(call.purpose, ask, (answer) => answer);
  }

  /** Asks for JSON of a schema that somebody else wrote; one repair, then MODEL_OUTPUT_INVALID. */
  json(call: Omit<JsonSchemaCall, Scoped>): Promise<StructuredAnswer<unknown>> {
    const ask = () => this.gateway.structured(this.scope.actor, { ...call, ...this.shared() });
    return this.counted(call.purpose, ask, ({ answer }) => answer);
  }

  get calls(): readonly ModelCallRecord[] {
    return this.records;
  }

  usage(): TurnUsage {
    const costs = this.records.map(({ costUsd }) => costUsd);
    return {
      input_tokens: this.records.reduce((sum, { inputTokens }) => sum + inputTokens, 0),
      output_tokens: this.records.reduce((sum, { outputTokens }) => sum + outputTokens, 0),
      cost_usd: sumOrNull(costs),
      models: [...this.answerers],
    };
  }

  private shared(): CallFacts {
    const { signal, deadline, correlationId } = this.scope;
    return { signal, deadline, ...(correlationId === undefined ? {} : { correlationId }) };
  }

  private async counted<T>(purpose: string, ask: () => Promise<T>, answerOf: (given: T) => ModelAnswer): Promise<T> {
    this.checkLimits();
    this.made += 1;
    try {
      const given = await ask();
      this.book(purpose, answerOf(given));
      return given;
    } catch (error) {
      if (error instanceof ModelCallError || error instanceof ModelCallAborted) this.book(purpose, error.report);
      throw error;
    }
  }

  private checkLimits(): void {
    const { model_calls: calls, cost_usd: cost } = this.limits;
    if (this.made >= calls) throw useCaseErrors.BUDGET_EXCEEDED({ detail: `${calls} model calls were made.` });
    // A call without a price must not take the bound away from those that have one.
    const known = this.records.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
    if (cost !== null && known >= cost) {
      throw useCaseErrors.BUDGET_EXCEEDED({ detail: `The run has cost ${cost} USD.` });
    }
  }

  /** Who has said something is named, also where it was broken off: what was said is kept. */
  private book(purpose: string, { model, usage, firstTokenMs }: ModelReport): void {
    if (model === null) return;
    this.records.push(toRecord(purpose, model, usage));
    if (firstTokenMs !== null) this.answerers.add(model);
  }
}

/** @param model `provider:model`, or a bare name of the program's own */
export function toRecord(purpose: string, model: string, usage: ModelReport['usage']): ModelCallRecord {
  const colon = model.indexOf(':');
  return {
    purpose,
    provider: colon < 0 ? model : model.slice(0, colon),
    model: colon < 0 ? model : model.slice(colon + 1),
    ...usage,
  };
}

function sumOrNull(costs: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const cost of costs) {
    if (cost === null) return null;
    sum += cost;
  }
  return sum;
}
