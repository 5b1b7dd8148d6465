import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Bus } from '@parley/platform/bus';
import { violatedConstraint } from '@parley/platform/database';
import { platformErrors } from '@parley/platform/errors';
import {
  type Accepted,
  AcceptRepository,
  type Admission,
  announceEvents,
  type LogEvent,
  type MessageRow,
  type NewRegeneration,
  type NewTurn,
  type RunRow,
  RunsRepository,
  sessionErrors,
} from '@parley/sessions';
import type { TurnPlan } from '@parley/use-cases';
import { Admissions, tooManyRuns } from './admissions.service.js';
import { acceptedEvents, acceptedRow, sentRow } from './fresh-events.js';
import { Runner } from './runner.service.js';

/** What became of a message or regeneration that was handed in. */
export interface Taken {
  readonly runId: string;
  readonly run: RunRow;
  /** Null for a regeneration, and for a replay: it is read anew then. */
  readonly message: MessageRow | null;
  /** The `seq` before the first event of the run. */
  readonly before: number;
  /** An earlier call has begun this run. */
  readonly replayed: boolean;
}

/** Told after the commit and before anyone hears of it: whoever listens from here on misses nothing. */
export type TakenListener = (taken: Taken) => void;

/** Takes messages and regenerations in: stored, announced and begun, or refused with the reason. */
@Injectable()
export class Intake {
  constructor(
    private readonly accept: AcceptRepository,
    private readonly runs: RunsRepository,
    private readonly admissions: Admissions,
    private readonly runner: Runner,
    private readonly bus: Bus,
  ) {}

  /** @throws NOT_FOUND, RUN_IN_PROGRESS, QUEUE_FULL, RATE_LIMITED, IDEMPOTENCY_KEY_REUSED */
  async send(actor: Actor, turn: NewTurn, plan: TurnPlan, heard: TakenListener): Promise<Taken> {
    const admission = this.admissions.toAccept(actor, plan.onBusy, this.runner.hasRoom);
    const accepted = await this.orReplay(actor, turn, admission, () => this.accept.send(actor, turn, admission));
    if ('replayed' in accepted) return announced(accepted, heard);
    const message = sentRow(actor, turn, accepted);
    return this.taken(actor, turn, plan, { accepted, message, heard });
  }

  /** As `send`, for a new answer to a message that is already there. */
  async regenerate(actor: Actor, turn: NewRegeneration, plan: TurnPlan, heard: TakenListener): Promise<Taken> {
    const admission = this.admissions.toAccept(actor, plan.onBusy, this.runner.hasRoom);
    const accepted = await this.orReplay(actor, turn, admission, () => this.accept.regenerate(actor, turn, admission));
    if ('replayed' in accepted) return announced(accepted, heard);
    return this.taken(actor, turn, plan, { accepted, message: null, heard });
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

  /** A repetition joins the run of the first call, also where nothing new would be taken. */
  private async orReplay(
    actor: Actor,
    turn: NewTurn | NewRegeneration,
    admission: Admission,
    store: () => Promise<Accepted | null>,
  ): Promise<Accepted | Taken> {
    const accepted = await unlessRepeated(store);
    if (accepted !== null && accepted !== 'repeated') return accepted;
    const first = await this.firstCall(actor, turn);
    if (first !== undefined) return first;
    if (accepted === null || turn.idempotency === null) throw await this.refusal(actor, turn.sessionId, admission);
    // The day is over: the key is free again.
    await this.accept.forgetKey(actor, turn.idempotency.key, turn.at);
    return this.orReplay(actor, turn, admission, store);
  }

  /** @throws IDEMPOTENCY_KEY_REUSED */
  private async firstCall(actor: Actor, turn: NewTurn | NewRegeneration): Promise<Taken | undefined> {
    if ('clientMessageId' in turn && turn.clientMessageId !== null) {
      const first = await this.accept.findByClientId(actor, turn.sessionId, turn.clientMessageId);
      if (first !== undefined) return this.replay(actor, turn.sessionId, first.runId);
    }
    if (turn.idempotency === null) return undefined;
    const known = await this.accept.findByKey(actor, turn.idempotency.key);
    if (known === undefined || known.expiresAt <= turn.at) return undefined;
    if (!known.fingerprint.equals(turn.idempotency.fingerprint)) throw platformErrors.IDEMPOTENCY_KEY_REUSED();
    return this.replay(actor, turn.sessionId, known.runId);
  }

  private async replay(actor: Actor, sessionId: string, runId: string | null): Promise<Taken> {
    const run = runId === null ? undefined : await this.runs.find(actor, sessionId, runId);
    if (run === undefined)
      throw platformErrors.CONFLICT({ detail: 'The first call with this id is not to be joined any more.' });
    return {
      runId: run.id,
      run,
      message: null,
      before: (await this.runs.firstSeq(actor, sessionId, run.id)) - 1,
      replayed: true,
    };
  }

  /** What was in the way may be gone by the time it is looked at: then the rule itself says what it was. */
  private async refusal(actor: Actor, sessionId: string, { onBusy, maxQueued, maxRunning }: Admission) {
    const facts = await this.accept.whyRefused(actor, sessionId);
    if (facts === null) return platformErrors.NOT_FOUND();
    if (onBusy === 'reject' && facts.active) return sessionErrors.RUN_IN_PROGRESS({ retryAfter: 1 });
    if (facts.queued < maxQueued && maxRunning !== null && facts.running >= maxRunning) return tooManyRuns(maxRunning);
    if (onBusy === 'reject') return sessionErrors.RUN_IN_PROGRESS({ retryAfter: 1 });
    return sessionErrors.QUEUE_FULL({ retryAfter: 1, members: { limit: maxQueued } });
  }
}

const REPEATED: ReadonlySet<string | undefined> = new Set(['messages_client_id', 'idempotency_keys_pkey']);

async function unlessRepeated(store: () => Promise<Accepted | null>): Promise<Accepted | null | 'repeated'> {
  try {
    return await store();
  } catch (error) {
    if (REPEATED.has(violatedConstraint(error))) return 'repeated';
    throw error;
  }
}

function announced(taken: Taken, heard: TakenListener): Taken {
  heard(taken);
  return taken;
}

function messageSeqOf(turn: NewTurn | NewRegeneration): number {
  if ('messageSeq' in turn) return turn.messageSeq;
  throw new Error('a new message has its seq from the row that was stored');
}
