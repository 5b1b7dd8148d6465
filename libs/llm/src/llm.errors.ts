import { defineErrors } from '@parley/platform/errors';

/** What can go wrong between a question and a model's answer. */
export const llmErrors = defineErrors({
  MODEL_UNKNOWN: {
    status: 400,
    title: 'There is no model of this name.',
    remedy: 'Name a role (default, fast, vision, judge) or a model that the configuration lists.',
  },
  MODEL_OUTPUT_INVALID: {
    status: 422,
    title: 'The model did not give the asked shape.',
    remedy: 'Ask again, simplify the JSON Schema, or use a model that supports structured output.',
  },
  MODEL_UNAVAILABLE: {
    status: 502,
    title: 'No model could be reached.',
    remedy: 'Try again in a moment; an operator finds the cause under /health and in the log.',
  },
  MODEL_STREAM_CUT: {
    status: 502,
    title: 'The model broke off in the middle of its answer.',
    remedy: 'What had arrived is kept as a partial message; regenerate to get a whole one.',
  },
  MODEL_EMPTY_REPLY: {
    status: 502,
    title: 'The model sent an empty reply.',
    remedy: 'Ask again or rephrase the message.',
  },
  CAPABILITY_UNAVAILABLE: {
    status: 503,
    title: 'Nothing that is configured can do this.',
    remedy: 'Configure a provider with this capability; the detail names it.',
  },
  MODEL_TIMEOUT: {
    status: 504,
    title: 'The model said nothing for too long.',
    remedy: 'Try again, or allow a longer silence (response_timeout_seconds).',
  },
});
