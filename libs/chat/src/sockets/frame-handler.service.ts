import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { type Actor, Authenticator, authErrors, type Permission } from '@parley/auth';
import { Bus } from '@parley/platform/bus';
import { AppError, type Problem, platformErrors, toProblem } from '@parley/platform/errors';
import { faultOf, parseShape } from '@parley/platform/http';
import { Limiter } from '@parley/platform/limiter';
import { runWithContext } from '@parley/platform/observability';
import { announceSignal, LogService } from '@parley/sessions';
import { RunsService } from '../runs/runs.service.js';
import { ChatService } from '../turns/chat.service.js';
import type { MessageFrameDto } from './frames.dto.js';

/** One socket of either protocol: who is behind it, and what it has said that is not answered yet. */
export class SocketConnection {
  readonly id = randomUUID();
  /** Frames are taken one after the other: two messages are stored in the order in which they were sent. */
  tail: Promise<unknown> = Promise.resolve();
  waiting = 0;

  constructor(public actor: Actor) {}
}

export type Acknowledgement<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly error: Problem };

/** What the sender of a message is told once it is stored. */
export interface Receipt {
  readonly message_id: string;
  readonly run_id: string;
  readonly seq: number;
}

/** What a kind of frame asks for, and of whom. */
export interface FrameKind<T extends object> {
  readonly shape: new () => T;
  readonly permission: Permission;
}

const MOST_WAITING = 100;

/** Counts, checks and does what frames ask for: Socket.IO and plain WebSocket both hand theirs in here. */
@Injectable()
export class FrameHandler {
  private readonly logger = new Logger(FrameHandler.name);

  constructor(
    private readonly authenticator: Authenticator,
    private readonly limiter: Limiter,
    private readonly chat: ChatService,
    private readonly runs: RunsService,
    private readonly log: LogService,
    private readonly bus: Bus,
  ) {}

  /** Counts, checks and does what a frame asks for. Never throws: what is wrong comes back as a problem. */
  take<T extends object, R extends object>(
    connection: SocketConnection,
    kind: FrameKind<T>,
    body: unknown,
    work: (actor: Actor, frame: T) => Promise<R>,
  ): Promise<Acknowledgement<R>> {
    const correlationId = randomUUID();
    if (connection.waiting >= MOST_WAITING) {
      const error = toProblem(platformErrors.OVERLOADED({ retryAfter: 1 }), { correlationId });
      return Promise.resolve({ ok: false, error });
    }
    connection.waiting += 1;
    const handled = connection.tail.then(() =>
      runWithContext({ correlationId }, () => this.attempt(connection, kind, body, work, correlationId)),
    );
    connection.tail = handled;
    return handled.finally(() => {
      connection.waiting -= 1;
    });
  }

  /** As `take`, told once: when the work says that it is as good as done, else when it is. */
  async answer<T extends object, R extends object>(
    connection: SocketConnection,
    kind: FrameKind<T>,
    body: unknown,
    work: (actor: Actor, frame: T, early: (result: R) => void) => Promise<R>,
    tell: (reply: Acknowledgement<R>) => void,
  ): Promise<void> {
    let told = false;
    const tellOnce = (reply: Acknowledgement<R>): void => {
      if (!told) tell(reply);
      told = true;
    };
    const early = (result: R): void => tellOnce({ ok: true, ...result });
    tellOnce(await this.take(connection, kind, body, (actor, frame: T) => work(actor, frame, early)));
  }

  /** @param stored told before anyone hears of the message: its sender knows it when its first event comes */
  async message(actor: Actor, frame: MessageFrameDto, stored: (receipt: Receipt) => void): Promise<Receipt> {
    await this.limiter.consume('messages.send', { principal: actor.principalId });
    const { session_id, ...input } = frame;
    const sent = await this.chat.send(actor, session_id, input, undefined, ({ message, runId }) => {
      if (message !== null) stored(receiptOf(message, runId));
    });
    return receiptOf(sent.message, sent.runId);
  }

  async cancel(actor: Actor, runId: string): Promise<object> {
    await this.runs.cancelById(actor, runId);
    return {};
  }

  async input(actor: Actor, runId: string): Promise<never> {
    return this.runs.inputById(actor, runId);
  }

  async typing(actor: Actor, sessionId: string, isTyping: boolean): Promise<object> {
    await this.log.requireSession(actor, sessionId);
    announceSignal(this.bus, sessionId, { kind: 'typing', principalId: actor.principalId, isTyping });
    return {};
  }

  /** @throws NOT_FOUND */
  requireSession(actor: Actor, sessionId: string): Promise<{ lastSeq: number }> {
    return this.log.requireSession(actor, sessionId);
  }

  private async attempt<T extends object, R extends object>(
    connection: SocketConnection,
    kind: FrameKind<T>,
    body: unknown,
    work: (actor: Actor, frame: T) => Promise<R>,
    correlationId: string,
  ): Promise<Acknowledgement<R>> {
    try {
      await this.limiter.consume('socket.frame', { connection: connection.id });
      const fault = faultOf(body);
      if (fault !== undefined) throw fault;
      const frame = parseShape(kind.shape, body);
      connection.actor = await this.authenticator.renew(connection.actor);
      if (!connection.actor.permissions.has(kind.permission)) throw authErrors.PERMISSION_DENIED();
      return { ok: true, ...(await work(connection.actor, frame)) };
    } catch (error) {
      if (!(error instanceof AppError)) this.logger.error({ err: error }, 'a frame could not be taken');
      return { ok: false, error: toProblem(error, { correlationId }) };
    }
  }
}

function receiptOf({ id, seq }: { readonly id: string; readonly seq: number }, runId: string): Receipt {
  return { message_id: id, run_id: runId, seq };
}
