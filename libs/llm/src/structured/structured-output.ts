import type { FieldError } from '@parley/platform/errors';
import { addEarlier, ModelCallError, sumReports } from '../calls/model-call.errors.js';
import type { JsonSchemaCall, ModelAnswer, ModelCall, StructuredAnswer, ZodCall } from '../calls/model-call.js';
import { llmErrors } from '../llm.errors.js';
import { readJsonReply } from './json-reply.js';
import type { Checked } from './json-schema.js';
import { type OutputShape, outputShape } from './output-shape.js';

/** Findings that are told to the model and to the caller. */
const MAX_FINDINGS = 20;

/** Asks, checks, and asks once more with the findings. The repair is a call of its own. */
export async function askStructured(
  call: ZodCall<unknown> | JsonSchemaCall,
  complete: (call: ModelCall) => Promise<ModelAnswer>,
): Promise<StructuredAnswer<unknown>> {
  const shape = await outputShape(call.schema.name, call.schema.schema);
  const asked: ModelCall = { ...call, schema: shape.output };
  const first = await complete(asked);
  const checked = read(first, shape);
  if (checked.ok) return { value: checked.value, answer: first, repaired: false };

  const second = await complete(repairOf(asked, first, checked.errors)).catch((error: unknown) => {
    throw addEarlier(error, first);
  });
  const answer: ModelAnswer = { ...second, ...sumReports(first, second), model: second.model };
  const mended = read(second, shape);
  if (mended.ok) return { value: mended.value, answer, repaired: true };
  throw new ModelCallError(invalid(call.schema.name, mended.errors), answer);
}

function read(answer: ModelAnswer, shape: OutputShape<unknown>): Checked<unknown> {
  const value = readJsonReply(answer.text);
  if (value !== undefined) return shape.check(value);
  const detail = answer.finishReason === 'length' ? 'the reply was cut at its greatest length' : 'the reply is no JSON';
  return { ok: false, errors: [{ pointer: '', code: 'json', detail }] };
}

function repairOf(call: ModelCall, answer: ModelAnswer, errors: readonly FieldError[]): ModelCall {
  const findings = errors
    .slice(0, MAX_FINDINGS)
    .map(({ pointer, detail }) => `- ${pointer || '(whole reply)'}: ${detail}`);
  const content =
    `Your reply does not fit the JSON Schema "${call.schema?.name ?? ''}":\n${findings.join('\n')}\n` +
    'Send the whole JSON value again, corrected, and nothing else.';
  return {
    ...call,
    messages: [...call.messages, { role: 'assistant', content: answer.text }, { role: 'user', content }],
  };
}

function invalid(name: string, errors: readonly FieldError[]) {
  return llmErrors.MODEL_OUTPUT_INVALID({
    detail: `The reply for ${name} does not fit its schema, also after one repair.`,
    errors: errors.slice(0, MAX_FINDINGS),
  });
}
