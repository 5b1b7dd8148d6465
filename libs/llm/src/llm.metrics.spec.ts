import { Metrics } from '@parley/platform/observability';
import { Registry } from 'prom-client';
import { LlmMetrics } from './llm.metrics.js';

const CHAT = { operation: 'chat', provider: 'openai', model: 'm' } as const;
const LABELS = 'gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="m"';

describe('the instruments of models', () => {
  it('count requests, first tokens, tokens and dollars under the names of the conventions', async () => {
    const metrics = new Metrics(new Registry());
    const llm = new LlmMetrics(metrics);
    llm.firstTokenAfter(CHAT, 0.2);
    llm.ended(CHAT, 1.5, '');
    llm.ended(CHAT, 0.1, 'silence');
    llm.used(CHAT, 100, 20, 0.25);
    llm.used(CHAT, 100, 20, null);
    llm.used({ ...CHAT, operation: 'embeddings' }, 7, 0, null);
    const { text } = await metrics.expose();
    expect(text).toContain(`gen_ai_client_time_to_first_token_seconds_count{${LABELS}} 1`);
    expect(text).toContain(`gen_ai_client_operation_duration_seconds_sum{${LABELS},error_type=""} 1.5`);
    expect(text).toContain(`gen_ai_client_operation_duration_seconds_count{${LABELS},error_type="silence"} 1`);
    expect(text).toContain(`gen_ai_client_token_usage_sum{${LABELS},gen_ai_token_type="input"} 200`);
    expect(text).toContain(`gen_ai_client_token_usage_sum{${LABELS},gen_ai_token_type="output"} 40`);
    expect(text).toContain(`gen_ai_client_cost_usd_total{${LABELS}} 0.25`);
    expect(text).not.toContain(
      'operation_name="embeddings",gen_ai_provider_name="openai",gen_ai_request_model="m",gen_ai_token_type="output"',
    );
  });
});
