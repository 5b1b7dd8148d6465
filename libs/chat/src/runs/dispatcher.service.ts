import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Authenticator, INSTALLATION, systemActor } from '@parley/auth';
import { AppError, platformErrors } from '@parley/platform/errors';
import { type FrozenPlan, type QueuedRun, RunsRepository } from '@parley/sessions';
import { type TurnPlan, TurnPlanner } from '@parley/use-cases';
import { z } from 'zod';
import { Admissions } from '../turns/admissions.service.js';
import { RunEnds } from './run-ends.service.js';
import { Runner } from './runner.service.js';

const SESSIONS_AT_ONCE = 50;
const actorSchema = z.object({
  principalId: z.string(),
  orgId: z.string(),
  loginId: z.string().nullable(),
});
const contextSchema = z.record(z.string(), z.unknown());

/** What was decided about a queued run under the lock of its session. */
type Decision = { readonly plan: TurnPlan } | { readonly refused: AppError };

/** Begins runs that wait: the next one of a session here, and whatever other nodes have left behind. */
@Injectable()
export class Dispatcher implements OnModuleInit {
  private readonly logger = new Logger(Dispatcher.name);

  constructor(
    private readonly runs: RunsRepository,
    private readonly planner: TurnPlanner,
    private readonly authenticator: Authenticator,
    private readonly runner: Runner,
    private readonly admissions: Admissions,
    private readonly ends: RunEnds,
  ) {}

  onModuleInit(): void {
    this.runner.onWaitingWork((orgId, sessionId) => {
      this.dispatch(orgId, sessionId).catch((error: unknown) => {
        this.logger.warn({ err: error }, 'a waiting message is left to the next round');
      });
    });
  }

  /** Looks for sessions in which work waits and nothing runs. */
  async dispatchAll(): Promise<void> {
    if (!this.runner.hasRoom) return;
    const bounds = { limit: SESSIONS_AT_ONCE, ...this.admissions.running };
    for (const { orgId, sessionId } of await this.runs.idleSessionsWithWork(INSTALLATION, bounds)) {
      try {
        await this.dispatch(orgId, sessionId);
      } catch (error) {
        // One that cannot be begun stands in nobody's way.
        this.logger.warn({ err: error, session_id: sessionId }, 'a waiting message is left to the next round');
      }
    }
  }

  dispatch(orgId: string, sessionId: string): Promise<void> {
    return this.runner.holdPlace(async (hasRoom) => {
      if (hasRoom) await this.beginNext(orgId, sessionId);
    });
  }

  private async beginNext(orgId: string, sessionId: string): Promise<void> {
    const actor = systemActor(orgId, ['message:send']);
    const bounds = this.admissions.toBegin();
    let decision: Decision | undefined;
    const begun = await this.runs.beginNext(actor, sessionId, bounds, (queued) => {
      decision = this.decide(queued);
      return freeze(decision);
    });
    if (begun === undefined || decision === undefined) return;
    this.admissions.announce(sessionId, begun.lastSeq);
    await this.begin(begun.run, decision, bounds.at);
  }

  private async begin(queued: QueuedRun, decision: Decision, startedAt: Date): Promise<void> {
    try {
      if ('refused' in decision) throw decision.refused;
      // Whoever lost the right meanwhile gets no answer.
      const actor = await this.authenticator.restore(actorSchema.parse(queued.actor), 'message:send');
      this.runner.begin({
        actor,
        sessionId: queued.sessionId,
        runId: queued.runId,
        attempt: queued.attempt,
        messageId: queued.messageId,
        messageSeq: queued.messageSeq,
        content: queued.content,
        plan: decision.plan,
        context: contextSchema.parse(queued.context),
        correlationId: queued.correlationId,
        startedAt,
        regenerates: queued.regenerates,
        untitled: queued.untitled,
      });
    } catch (error) {
      await this.ends.refuse(queued, error instanceof AppError ? error : platformErrors.INTERNAL({ cause: error }));
    }
  }

  /** Asked under the lock: must not wait for anything. */
  private decide(queued: QueuedRun): Decision {
    try {
      const plan = this.planner.plan(systemActor(queued.orgId, []), {
        useCase: queued.useCase,
        sessionSettings: queued.sessionSettings,
        context: contextSchema.parse(queued.context),
        content: queued.content,
        attachments: [],
        accepted: true,
      });
      return { plan };
    } catch (error) {
      return { refused: error instanceof AppError ? error : platformErrors.INTERNAL({ cause: error }) };
    }
  }
}

function freeze(decision: Decision): FrozenPlan {
  if ('refused' in decision) return { version: 0, settings: {}, adjusted: [], answers: null };
  const { version, settings, adjusted, answers } = decision.plan;
  return { version, settings, adjusted, answers };
}
