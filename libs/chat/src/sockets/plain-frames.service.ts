import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { platformErrors, toProblem } from '@parley/platform/errors';
import { type MessageDto, MessagesService } from '@parley/sessions';
import { RunsService } from '../runs/runs.service.js';
import { type Acknowledgement, FrameHandler, type Receipt, type SocketConnection } from './frame-handler.service.js';
import { PlainCancelDto, PlainInputDto, PlainMessageDto, PlainPingDto, PlainTypingDto } from './plain-frames.dto.js';

type Frame = Record<string, unknown>;
type Handler = (connection: SocketConnection, sessionId: string, frame: Frame, say: Say) => Promise<object | null>;
type Say = (answer: object) => void;

/** The frames of plain WebSocket: what each does, and the frame that answers it. */
@Injectable()
export class PlainFrames {
  private readonly handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
    ['message', (connection, sessionId, frame, say) => this.message(connection, sessionId, frame, say)],
    ['cancel', (connection, sessionId, frame) => this.cancel(connection, sessionId, frame)],
    ['input', (connection, sessionId, frame) => this.input(connection, sessionId, frame)],
    ['typing', (connection, sessionId, frame) => this.typing(connection, sessionId, frame)],
    ['ping', (connection, _sessionId, frame) => this.ping(connection, frame)],
  ]);

  constructor(
    private readonly handler: FrameHandler,
    private readonly runs: RunsService,
    private readonly messages: MessagesService,
  ) {}

  /** Never throws. Not every frame has an answer. */
  async take(connection: SocketConnection, sessionId: string, frame: Frame, say: Say): Promise<void> {
    const handler = this.handlers.get(String(frame['type']));
    const answer = handler === undefined ? unknownFrame() : await handler(connection, sessionId, frame, say);
    if (answer !== null) say(answer);
  }

  /** @throws NOT_FOUND */
  async requireSession(actor: Actor, sessionId: string): Promise<void> {
    await this.handler.requireSession(actor, sessionId);
  }

  /** The last answer of a run. */
  conclusion(actor: Actor, sessionId: string, runId: string): Promise<MessageDto | undefined> {
    return this.messages.conclusion(actor, sessionId, runId);
  }

  private async message(connection: SocketConnection, sessionId: string, frame: Frame, say: Say): Promise<null> {
    const kind = { shape: PlainMessageDto, permission: 'message:send' } as const;
    const named =
      typeof frame['client_message_id'] === 'string' ? { client_message_id: frame['client_message_id'] } : {};
    await this.handler.answer(
      connection,
      kind,
      frame,
      (actor, { type: _, ...input }, early: (receipt: Receipt) => void) =>
        this.handler.message(actor, { ...input, session_id: sessionId }, early),
      (reply) => say(reply.ok ? acknowledged(reply, named) : { type: 'error', error: reply.error, ...named }),
    );
    return null;
  }

  private async cancel(connection: SocketConnection, sessionId: string, frame: Frame): Promise<object | null> {
    const kind = { shape: PlainCancelDto, permission: 'run:cancel' } as const;
    const reply = await this.handler.take(connection, kind, frame, async (actor, { run_id: runId }) => {
      await this.runs.cancel(actor, sessionId, runId ?? (await this.runs.current(actor, sessionId)));
      return {};
    });
    return errorOrNothing(reply);
  }

  private async input(connection: SocketConnection, sessionId: string, frame: Frame): Promise<object | null> {
    const kind = { shape: PlainInputDto, permission: 'run:input' } as const;
    const reply = await this.handler.take(connection, kind, frame, async (actor, { run_id: runId }) =>
      this.runs.input(actor, sessionId, runId ?? (await this.runs.current(actor, sessionId))),
    );
    return errorOrNothing(reply);
  }

  private async typing(connection: SocketConnection, sessionId: string, frame: Frame): Promise<object | null> {
    const kind = { shape: PlainTypingDto, permission: 'message:send' } as const;
    const reply = await this.handler.take(connection, kind, frame, (actor, { is_typing }) =>
      this.handler.typing(actor, sessionId, is_typing),
    );
    return errorOrNothing(reply);
  }

  private async ping(connection: SocketConnection, frame: Frame): Promise<object> {
    const kind = { shape: PlainPingDto, permission: 'socket:connect' } as const;
    const reply = await this.handler.take(connection, kind, frame, () => Promise.resolve({}));
    return reply.ok ? { type: 'pong' } : { type: 'error', error: reply.error };
  }
}

function errorOrNothing(reply: Acknowledgement<object>): object | null {
  return reply.ok ? null : { type: 'error', error: reply.error };
}

function acknowledged({ message_id, run_id, seq }: Receipt, named: object): object {
  return { type: 'ack', ...named, message_id, run_id, seq };
}

function unknownFrame(): object {
  const error = platformErrors.BAD_REQUEST({ detail: 'There is no frame of this type.' });
  return { type: 'error', error: toProblem(error) };
}
