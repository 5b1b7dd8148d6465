import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { platformErrors, toProblem } from '@parley/platform/errors';
import { type MessageDto, MessagesService } from '@parley/sessions';
import { PlainCancelDto, PlainInputDto, PlainMessageDto, PlainPingDto, PlainTypingDto } from './plain-frames.dto.js';
import { RunsService } from './runs.service.js';
import { type Acknowledgement, type SocketConnection, SocketDesk } from './socket-desk.service.js';

type Frame = Record<string, unknown>;
type Handler = (connection: SocketConnection, sessionId: string, frame: Frame) => Promise<object | null>;

/** The frames of plain WebSocket: what each does, and the frame that answers it. */
@Injectable()
export class Frames {
  private readonly handlers: ReadonlyMap<string, Handler> = new Map([
    ['message', (connection, sessionId, frame) => this.message(connection, sessionId, frame)],
    ['cancel', (connection, sessionId, frame) => this.cancel(connection, sessionId, frame)],
    ['input', (connection, sessionId, frame) => this.input(connection, sessionId, frame)],
    ['typing', (connection, sessionId, frame) => this.typing(connection, sessionId, frame)],
    ['ping', (connection, _sessionId, frame) => this.ping(connection, frame)],
  ]);

  constructor(
    private readonly desk: SocketDesk,
    private readonly runs: RunsService,
    private readonly messages: MessagesService,
  ) {}

  /** Never throws. Null: the frame needs no answer. */
  take(connection: SocketConnection, sessionId: string, frame: Frame): Promise<object | null> {
    const handler = this.handlers.get(String(frame['type']));
    if (handler !== undefined) return handler(connection, sessionId, frame);
    const error = platformErrors.BAD_REQUEST({ detail: 'There is no frame of this type.' });
    return Promise.resolve({ type: 'error', error: toProblem(error) });
  }

  /** @throws NOT_FOUND */
  async requireSession(actor: Actor, sessionId: string): Promise<void> {
    await this.desk.requireSession(actor, sessionId);
  }

  /** The last answer of a run. */
  conclusion(actor: Actor, sessionId: string, runId: string): Promise<MessageDto | undefined> {
    return this.messages.conclusion(actor, sessionId, runId);
  }

  private async message(connection: SocketConnection, sessionId: string, frame: Frame): Promise<object> {
    const kind = { shape: PlainMessageDto, permission: 'message:send' } as const;
    const reply = await this.desk.take(connection, kind, frame, (actor, { type: _, ...input }) =>
      this.desk.message(actor, { ...input, session_id: sessionId }),
    );
    const named =
      typeof frame['client_message_id'] === 'string' ? { client_message_id: frame['client_message_id'] } : {};
    if (!reply.ok) return { type: 'error', error: reply.error, ...named };
    const { ok: _, ...stored } = reply;
    return { type: 'ack', ...named, ...stored };
  }

  private async cancel(connection: SocketConnection, sessionId: string, frame: Frame): Promise<object | null> {
    const kind = { shape: PlainCancelDto, permission: 'run:cancel' } as const;
    const reply = await this.desk.take(connection, kind, frame, async (actor, { run_id: runId }) => {
      await this.runs.cancel(actor, sessionId, runId ?? (await this.runs.current(actor, sessionId)));
      return {};
    });
    return errorOrNothing(reply);
  }

  private async input(connection: SocketConnection, sessionId: string, frame: Frame): Promise<object | null> {
    const kind = { shape: PlainInputDto, permission: 'run:input' } as const;
    const reply = await this.desk.take(connection, kind, frame, async (actor, { run_id: runId }) =>
      this.runs.input(actor, sessionId, runId ?? (await this.runs.current(actor, sessionId))),
    );
    return errorOrNothing(reply);
  }

  private async typing(connection: SocketConnection, sessionId: string, frame: Frame): Promise<object | null> {
    const kind = { shape: PlainTypingDto, permission: 'message:send' } as const;
    const reply = await this.desk.take(connection, kind, frame, (actor, { is_typing }) =>
      this.desk.typing(actor, sessionId, is_typing),
    );
    return errorOrNothing(reply);
  }

  private async ping(connection: SocketConnection, frame: Frame): Promise<object> {
    const kind = { shape: PlainPingDto, permission: 'socket:connect' } as const;
    const reply = await this.desk.take(connection, kind, frame, () => Promise.resolve({}));
    return reply.ok ? { type: 'pong' } : { type: 'error', error: reply.error };
  }
}

function errorOrNothing(reply: Acknowledgement<object>): object | null {
  return reply.ok ? null : { type: 'error', error: reply.error };
}
