import { systemActor } from '@parley/auth';
import type { BegunRun } from './runs/begun-run.js';
import type { LiveMessage, LiveRun, LiveRunListener } from './runs/live-run.js';

export const AT = new Date('2026-11-21T12:00:00.000Z');

/** A run as this node has begun it, for what is tested without a database. */
export function begunRun(more: Partial<BegunRun> = {}): BegunRun {
  return {
    actor: systemActor('org_1', ['message:send']),
    sessionId: 'ses_1',
    runId: 'run_1',
    attempt: 1,
    messageId: 'msg_1',
    messageSeq: 1,
    content: 'Hello?',
    plan: {
      useCase: 'basic_chat',
      version: 1,
      settings: {},
      adjusted: [],
      historyLimit: 20,
      summary: null,
      onBusy: 'queue',
      autoTitle: true,
      wallClockMs: 120_000,
      components: ['text_chat'],
      answers: 'text_chat',
    },
    context: {},
    correlationId: null,
    startedAt: AT,
    regenerates: false,
    untitled: false,
    ...more,
  };
}

/** Writes down what a run tells, in short. */
export class RecordedListener implements LiveRunListener {
  readonly said: string[] = [];

  textGrew(_live: LiveRun, message: LiveMessage): void {
    this.said.push(`grew ${message.messageId}`);
  }

  component(_live: LiveRun, type: string, { component }: Record<string, unknown>): void {
    this.said.push(`${type} ${String(component)}`);
  }
}
