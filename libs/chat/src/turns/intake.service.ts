import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Bus } from '@parley/platform/bus';
import { violatedConstraint } from '@parley/platform/database';
import { platformErrors } from '@parley/platform/errors';
import {
  type Accepted,
  AcceptRepository,
  type Admission,
  acceptedEvents,
  acceptedRow,
  announceEvents,
  type GoneOn,
  type LogEvent,
  type MessageRow,
  type NewRegeneration,
  type NewTurn,
  sentRow,
  sessionErrors,
} from '@parley/sessions';
import type { TurnPlan } from '@parley/use-cases';
import { Runner } from '../runs/runner.service.js';
import { Admissions, tooManyRuns } from './admissions.service.js';
import { Repetitions } from './repetitions.service.js';
import type { Taken, TakenListener } from './taken.js';

/** Takes messages and regenerations in: stored, announced and begun, or refused with the reason. */
@Injectable()
export class Intake {
  constructor(
    private readonly accept: AcceptRepository,
    private readonly repetitions: Repetitions,
    private readonly admissions: Admissions,
    private readonly runner: Runner,
    private readonly bus: Bus,
  ) {}

  /** @throws NOT_FOUND, RUN_IN_PROGRESS, QUEUE_FULL, RATE_LIMITED, CONFLICT where `Repetitions` knows it */
  send(actor: Actor, turn: NewTurn, plan: TurnPlan, heard: TakenListener): Promise<Taken> {
    return this.admitted(actor, plan, async (admission) => {
      const accepted = await this.stored(actor, turn, admission, () => this.accept.send(actor, turn, admission));
      if (accepted === 'gone-on') return this.joined(actor, turn, heard);
      return this.taken(actor, turn, plan, { accepted, message: sentRow(actor, turn, accepted), heard });
    });
  }

  /** As `send`, for a new answer to a message that is already there. @throws MESSAGE_DELETED */
  regenerate(actor: Actor, turn: NewRegeneration, plan: TurnPlan, heard: TakenListener): Promise<Taken> {
    return this.admitted(actor, plan, async (admission) => {
      const accepted = await this.stored(actor, turn, admission, () => this.accept.regenerate(actor, turn, admission));
      if (accepted === 'gone-on') return this.joined(actor, turn, heard);
      return this.taken(actor, turn, plan, { accepted, message: null, heard });
    });
  }

  private admitted(actor: Actor, plan: TurnPlan, take: (admission: Admission) => Promise<Taken>): Promise<Taken> {
    return this.runner.holdPlace((hasRoom) => take(this.admissions.toAccept(actor, plan.onBusy, hasRoom)));
  }

  private async stored(
    actor: Actor,
    turn: NewTurn | NewRegeneration,
    admission: Admission,
    store: () => Promise<Accepted | GoneOn | null>,
  ): Promise<Accepted | GoneOn> {
    const { idempotency } = turn;
    try {
      const accepted = await store();
      if (accepted !== null) return accepted;
    } catch (error) {
      if (!REPEATED.has(violatedConstraint(error))) throw error;
      // The key may have expired: then it is free again.
      const free = idempotency !== null && (await this.repetitions.forgetExpired(actor, idempotency, turn.at));
      if (free) return this.stored(actor, turn, admission, store);
      throw platformErrors.CONFLICT({ detail: 'This message was sent before.', cause: error });
    }
    throw await this.refusal(actor, turn, admission);
  }

  private async joined(actor: Actor, { sessionId, runId }: NewTurn | NewRegeneration, heard: TakenListener) {
    const taken = await this.repetitions.join(actor, sessionId, runId);
    heard(taken);
    return taken;
  }

  private taken(
    actor: Actor,
    turn: NewTurn | NewRegeneration,
    plan: TurnPlan,
    facts: { accepted: Accepted; message: MessageRow | null; heard: TakenListener },
  ): Taken {
    const { accepted, message, heard } = facts;
    const events: LogEvent[] = acceptedEvents(turn, accepted, message);
    const before = accepted.lastSeq - events.length;
    const taken: Taken = { runId: turn.runId, run: acceptedRow(turn, accepted), message, before, replayed: false };
    heard(taken);
    announceEvents(this.bus, turn.sessionId, accepted.lastSeq, events);
    if (accepted.begun) {
      this.runner.begin({
        actor,
        sessionId: turn.sessionId,
        runId: turn.runId,
        attempt: 1,
        messageId: turn.messageId,
        messageSeq: message?.seq ?? messageSeqOf(turn),
        content: turn.content,
        history: accepted.history,
        plan,
        context: turn.context,
        correlationId: turn.correlationId,
        startedAt: turn.at,
        regenerates: message === null,
        untitled: turn.untitled,
      });
    }
    return taken;
  }

  /** What blocked the message may have gone by now; then the bound that the caller hit is named. */
  private async refusal(
    actor: Actor,
    { sessionId, messageId }: NewTurn | NewRegeneration,
    { onBusy, maxQueued, maxRunning }: Admission,
  ) {
    const facts = await this.accept.whyRefused(actor, sessionId, messageId);
    if (facts === null) return platformErrors.NOT_FOUND();
    if (facts.erased) return sessionErrors.MESSAGE_DELETED();
    if (onBusy === 'reject' && facts.active) return sessionErrors.RUN_IN_PROGRESS({ retryAfter: 1 });
    if (facts.queued < maxQueued && maxRunning !== null && facts.running >= maxRunning) return tooManyRuns(maxRunning);
    if (onBusy === 'reject') return sessionErrors.RUN_IN_PROGRESS({ retryAfter: 1 });
    return sessionErrors.QUEUE_FULL({ retryAfter: 1, members: { limit: maxQueued } });
  }
}

const REPEATED: ReadonlySet<string | undefined> = new Set(['messages_client_id', 'idempotency_keys_pkey']);

function messageSeqOf(turn: NewTurn | NewRegeneration): number {
  if ('messageSeq' in turn) return turn.messageSeq;
  throw new Error('a new message has its seq from the row that was stored');
}
