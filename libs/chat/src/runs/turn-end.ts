import { type AppError, platformErrors, toProblem } from '@parley/platform/errors';
import type { LedgerEntry, NewAnswer, NewEvent, RunEnd } from '@parley/sessions';
import type { ComponentResult, TurnOutcome } from '@parley/use-cases';
import { completedFacts, type LiveRun } from './live-run.js';

/** The end of a run that answered. */
export function completedEnd(live: LiveRun, outcome: TurnOutcome, at: Date): RunEnd {
  const answers = outcome.messages.map(
    (message): NewAnswer => ({
      id: message.id,
      authorId: message.author.id,
      authorName: message.author.name,
      content: message.content,
      status: 'complete',
      superseded: false,
      finishReason: message.finishReason,
      metadata: message.metadata,
    }),
  );
  return {
    ...base(live, at),
    status: 'completed',
    error: null,
    usage: outcome.usage,
    componentResults: outcome.componentResults,
    answers,
    events: endEvents(live, live.answered?.result, answers, 'run.completed'),
    calls: outcome.calls.map(ledgerEntry),
    writes: outcome.writes,
    supersedes: live.run.regenerates,
  };
}

/**
 * The end of a run that failed or was stopped: what was said is kept as partial messages. A broken
 * regeneration never takes the place of a whole answer: its partial text is born superseded.
 */
export function brokenEnd(live: LiveRun, error: AppError, outcome: Partial<TurnOutcome>, at: Date): RunEnd {
  const cancelled = error.code === 'RUN_CANCELLED';
  const answers = live.messages
    .filter((message) => message.text !== '')
    .map(
      (message): NewAnswer => ({
        id: message.messageId,
        authorId: message.authorId,
        authorName: message.authorName,
        content: message.text,
        status: 'partial',
        superseded: live.run.regenerates,
        finishReason: cancelled ? 'cancelled' : 'error',
        metadata: {},
      }),
    );
  const result = live.answered?.result ?? failedResult(performance.now() - live.begunAt, error);
  const component = live.run.plan.answers;
  const results: Record<string, ComponentResult> = { ...outcome.componentResults, [component]: result };
  return {
    ...base(live, at),
    status: cancelled ? 'cancelled' : 'failed',
    error: cancelled ? null : problemOf(error),
    usage: outcome.usage ?? null,
    componentResults: results,
    answers,
    events: endEvents(live, result, answers, cancelled ? 'run.cancelled' : 'run.failed'),
    calls: (outcome.calls ?? []).map(ledgerEntry),
    writes: [],
    supersedes: false,
  };
}

/** The problem as it is stored: without address or correlation, which belong to whoever reads it. */
export function problemOf(error: AppError): Record<string, unknown> {
  return { ...toProblem(error) };
}

/** The result of a component that did not come to one by itself. */
export function failedResult(durationMs: number, error: AppError): ComponentResult {
  return {
    success: false,
    status: 'failed',
    duration_ms: Math.max(0, Math.round(durationMs)),
    error: { code: error.code, detail: error.message },
    metadata: {},
  };
}

function base(live: LiveRun, at: Date) {
  const { sessionId, runId, messageId, messageSeq } = live.run;
  return { sessionId, runId, messageId, messageSeq, hasDrafts: live.hasDrafts, at };
}

function endEvents(
  live: LiveRun,
  result: ComponentResult | undefined,
  answers: readonly NewAnswer[],
  end: 'run.completed' | 'run.failed' | 'run.cancelled',
): NewEvent[] {
  const { runId, plan } = live.run;
  if (result === undefined) throw platformErrors.INTERNAL({ detail: 'the answering component did not report' });
  return [
    { type: 'component.completed', runId, messageId: null, data: completedFacts(plan.answers, result) },
    ...answers.map((answer): NewEvent => ({ type: 'message.created', runId, messageId: answer.id, data: null })),
    { type: end, runId, messageId: null, data: null },
  ];
}

function ledgerEntry(call: TurnOutcome['calls'][number]): LedgerEntry {
  return {
    purpose: call.purpose,
    provider: call.provider,
    model: call.model,
    inputTokens: call.inputTokens,
    outputTokens: call.outputTokens,
    costUsd: call.costUsd,
    estimated: call.estimated,
  };
}
