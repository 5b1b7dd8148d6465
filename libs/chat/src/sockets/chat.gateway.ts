import { Inject } from '@nestjs/common';
import {
  Ack,
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { type Actor, actorOf, carryActor, Requires } from '@parley/auth';
import { CONFIG, type Config } from '@parley/platform/config';
import { platformErrors, toProblem } from '@parley/platform/errors';
import { Drain } from '@parley/platform/lifecycle';
import { Readers } from '@parley/sessions';
import type { Namespace, Socket } from 'socket.io';
import { type Acknowledgement, FrameHandler, type Receipt } from './frame-handler.service.js';
import {
  CancelFrameDto,
  InputFrameDto,
  JoinFrameDto,
  LeaveFrameDto,
  MessageFrameDto,
  TypingFrameDto,
} from './frames.dto.js';
import { SocketHandshake } from './socket-handshake.service.js';
import { SocketIoClient } from './socket-io-client.js';

/** Socket.IO: events in, acknowledgements and the readers' events out. */
@WebSocketGateway({ namespace: '/ws/chat' })
export class ChatGateway implements OnGatewayInit<Namespace>, OnGatewayConnection<Socket>, OnGatewayDisconnect<Socket> {
  private readonly clients = new Map<string, SocketIoClient>();

  constructor(
    private readonly handshake: SocketHandshake,
    private readonly frames: FrameHandler,
    private readonly readers: Readers,
    private readonly drain: Drain,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  afterInit(namespace: Namespace): void {
    namespace.use((socket, next) => {
      this.enter(socket).then(
        (actor) => {
          carryActor(socket, actor);
          next();
        },
        (error: unknown) => next(connectError(error)),
      );
    });
    this.drain.onDrain('socket.io', 'sockets', () => this.leave());
  }

  /** Only now: a socket that went away while its token was looked at never comes here, nor to `handleDisconnect`. */
  handleConnection(socket: Socket): void {
    const actor = actorOf(socket);
    if (actor === undefined) {
      socket.disconnect(true);
      return;
    }
    const client = new SocketIoClient(socket, actor, this.readers, this.config);
    this.clients.set(socket.id, client);
    client.onClose(this.handshake.count('socket.io'));
    client.onClose(this.handshake.watch(actor, () => client.expel()));
  }

  handleDisconnect(socket: Socket): void {
    this.clients.get(socket.id)?.close();
    this.clients.delete(socket.id);
  }

  @SubscribeMessage('join')
  @Requires('session:read')
  join(@ConnectedSocket() socket: Socket, @MessageBody() body: unknown): Promise<Acknowledgement<object>> {
    const client = this.clientOf(socket);
    return this.frames.take(
      client.connection,
      { shape: JoinFrameDto, permission: 'session:read' },
      body,
      async (actor, frame) => {
        const { lastSeq } = await this.frames.requireSession(actor, frame.session_id);
        client.join(actor, frame.session_id, frame.after);
        return { last_seq: lastSeq };
      },
    );
  }

  @SubscribeMessage('leave')
  @Requires('session:read')
  leaveSession(@ConnectedSocket() socket: Socket, @MessageBody() body: unknown): Promise<Acknowledgement<object>> {
    const client = this.clientOf(socket);
    return this.frames.take(
      client.connection,
      { shape: LeaveFrameDto, permission: 'session:read' },
      body,
      async (_actor, frame) => {
        client.leave(frame.session_id);
        return {};
      },
    );
  }

  @SubscribeMessage('message')
  @Requires('message:send')
  message(
    @ConnectedSocket() socket: Socket,
    @MessageBody() body: unknown,
    @Ack() acknowledge: ((reply: Acknowledgement<Receipt>) => void) | undefined,
  ): Promise<void> {
    const kind = { shape: MessageFrameDto, permission: 'message:send' } as const;
    return this.frames.answer(
      this.clientOf(socket).connection,
      kind,
      body,
      (actor, frame, early: (receipt: Receipt) => void) => this.frames.message(actor, frame, early),
      (reply) => acknowledge?.(reply),
    );
  }

  @SubscribeMessage('cancel')
  @Requires('run:cancel')
  cancel(@ConnectedSocket() socket: Socket, @MessageBody() body: unknown): Promise<Acknowledgement<object>> {
    const kind = { shape: CancelFrameDto, permission: 'run:cancel' } as const;
    return this.frames.take(this.clientOf(socket).connection, kind, body, (actor, frame) =>
      this.frames.cancel(actor, frame.run_id),
    );
  }

  @SubscribeMessage('input')
  @Requires('run:input')
  input(@ConnectedSocket() socket: Socket, @MessageBody() body: unknown): Promise<Acknowledgement<object>> {
    const kind = { shape: InputFrameDto, permission: 'run:input' } as const;
    return this.frames.take(this.clientOf(socket).connection, kind, body, (actor, frame) =>
      this.frames.input(actor, frame.run_id),
    );
  }

  @SubscribeMessage('typing')
  @Requires('message:send')
  typing(@ConnectedSocket() socket: Socket, @MessageBody() body: unknown): Promise<Acknowledgement<object>> {
    const kind = { shape: TypingFrameDto, permission: 'message:send' } as const;
    return this.frames.take(this.clientOf(socket).connection, kind, body, (actor, frame) =>
      this.frames.typing(actor, frame.session_id, frame.is_typing),
    );
  }

  private async enter(socket: Socket): Promise<Actor> {
    await this.handshake.checkLimits(socket.request);
    return this.handshake.authenticate(socket.handshake.auth['token']);
  }

  private clientOf(socket: Socket): SocketIoClient {
    const client = this.clients.get(socket.id);
    if (client === undefined) throw new Error('a frame of a socket that was never admitted');
    return client;
  }

  private async leave(): Promise<void> {
    for (const client of this.clients.values()) client.say(platformErrors.SHUTTING_DOWN());
  }
}

/** Socket.IO hands `data` to the client's `connect_error`. */
function connectError(error: unknown): Error {
  const problem = toProblem(error);
  return Object.assign(new Error(problem.title), { data: problem });
}
