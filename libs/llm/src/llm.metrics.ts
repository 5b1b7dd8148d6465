import { Injectable, Optional } from '@nestjs/common';
import { Metrics } from '@parley/platform/observability';
import { Registry } from 'prom-client';

/** Labels as the OpenTelemetry conventions for generative AI name them; models are bounded by the configuration. */
const CALL = ['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'] as const;

export interface MeasuredCall {
  readonly operation: 'chat' | 'embeddings';
  readonly provider: string;
  readonly model: string;
}

/** The instruments of this library. One observation is one request to a provider, not one call with its retries. */
@Injectable()
export class LlmMetrics {
  private readonly duration;
  private readonly firstToken;
  private readonly tokens;
  private readonly cost;

  constructor(@Optional() metrics: Metrics = new Metrics(new Registry())) {
    this.duration = metrics.histogram({
      name: 'gen_ai_client_operation_duration_seconds',
      help: 'Time of one request to a model, to the end of its answer. error_type is empty where it went well.',
      labels: [...CALL, 'error_type'],
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160],
    });
    this.firstToken = metrics.histogram({
      name: 'gen_ai_client_time_to_first_token_seconds',
      help: 'Time of one request to a model, to the first piece of its answer.',
      labels: CALL,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    });
    this.tokens = metrics.histogram({
      name: 'gen_ai_client_token_usage',
      help: 'Tokens of one request; gen_ai_token_type is input or output.',
      labels: [...CALL, 'gen_ai_token_type'],
      buckets: [1, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576],
    });
    this.cost = metrics.counter({
      name: 'gen_ai_client_cost_usd_total',
      help: 'US dollars by the price list; models without a price are left out.',
      labels: CALL,
    });
  }

  /**
   * @param errorType how it failed, see `FailureKind`; `aborted` where the caller ended it; empty where it went well
   */
  ended(call: MeasuredCall, seconds: number, errorType: string): void {
    this.duration.observe({ ...labelsOf(call), error_type: errorType }, seconds);
  }

  firstTokenAfter(call: MeasuredCall, seconds: number): void {
    this.firstToken.observe(labelsOf(call), seconds);
  }

  used(call: MeasuredCall, input: number, output: number, costUsd: number | null): void {
    const labels = labelsOf(call);
    this.tokens.observe({ ...labels, gen_ai_token_type: 'input' }, input);
    if (call.operation === 'chat') this.tokens.observe({ ...labels, gen_ai_token_type: 'output' }, output);
    if (costUsd !== null && costUsd > 0) this.cost.inc(labels, costUsd);
  }
}

function labelsOf({ operation, provider, model }: MeasuredCall) {
  return { gen_ai_operation_name: operation, gen_ai_provider_name: provider, gen_ai_request_model: model };
}
