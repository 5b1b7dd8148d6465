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
import {
  CancelFrameDto,
  InputFrameDto,
  JoinFrameDto,
  LeaveFrameDto,
  MessageFrameDto,
  TypingFrameDto,
} from './frames.dto.js';
import { type Acknowledgement, type Receipt, SocketDesk } from './socket-desk.service.js';
import { SocketEntrance } from './socket-entrance.service.js';
import { SocketRoom } from './socket-room.js';

/** Socket.IO: events in, acknowledgements and the readers' events out. */
@WebSocketGateway({ namespace: '/ws/chat' })
export class ChatGateway implements OnGatewayInit<Namespace>, OnGatewayConnection<Socket>, OnGatewayDisconnect<Socket> {
  private readonly rooms = new Map<string, SocketRoom>();

  constructor(
    private readonly entrance: SocketEntrance,
    private readonly desk: SocketDesk,
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
    const room = new SocketRoom(socket, actor, this.readers, this.config);
    this.rooms.set(socket.id, room);
    room.onClose(this.entrance.count('socket.io'));
    room.onClose(this.entrance.watch(actor, () => room.expel()));
  }

  handleDisconnect(socket: Socket): void {
    this.rooms.get(socket.id)?.close();
    this.rooms.delete(socket.id);
  }

  @SubscribeMessage('join')
  @Requires('session:read')
  join(@ConnectedSocket() socket: Socket, @MessageBody() body: unknown): Promise<Acknowledgement<object>> {
    const room = this.room(socket);
    return this.desk.take(
      room.connection,
      { shape: JoinFrameDto, permission: 'session:read' },
      body,
      async (actor, frame) => {
        const { lastSeq } = await this.desk.requireSession(actor, frame.session_id);
        room.join(actor, frame.session_id, frame.after);
        return { last_seq: lastSeq };
      },
    );
  }

  @SubscribeMessage('leave')
  @Requires('session:read')
  leaveSession(@ConnectedSocket() socket: Socket, @MessageBody() body: unknown): Promise<Acknowledgement<object>> {
    const room = this.room(socket);
    return this.desk.take(
      room.connection,
      { shape: LeaveFrameDto, permission: 'session:read' },
      body,
      async (_actor, frame) => {
        room.leave(frame.session_id);
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
    return this.desk.answer(
      this.room(socket).connection,
      kind,
      body,
      (actor, frame, early: (receipt: Receipt) => void) => this.desk.message(actor, frame, early),
      (reply) => acknowledge?.(reply),
    );
  }

  @SubscribeMessage('cancel')
  @Requires('run:cancel')
  cancel(@ConnectedSocket() socket: Socket, @MessageBody() body: unknown): Promise<Acknowledgement<object>> {
    const kind = { shape: CancelFrameDto, permission: 'run:cancel' } as const;
    return this.desk.take(this.room(socket).connection, kind, body, (actor, frame) =>
      this.desk.cancel(actor, frame.run_id),
    );
  }

  @SubscribeMessage('input')
  @Requires('run:input')
  input(@ConnectedSocket() socket: Socket, @MessageBody() body: unknown): Promise<Acknowledgement<object>> {
    const kind = { shape: InputFrameDto, permission: 'run:input' } as const;
    return this.desk.take(this.room(socket).connection, kind, body, (actor, frame) =>
      this.desk.input(actor, frame.run_id),
    );
  }

  @SubscribeMessage('typing')
  @Requires('message:send')
  typing(@ConnectedSocket() socket: Socket, @MessageBody() body: unknown): Promise<Acknowledgement<object>> {
    const kind = { shape: TypingFrameDto, permission: 'message:send' } as const;
    return this.desk.take(this.room(socket).connection, kind, body, (actor, frame) =>
      this.desk.typing(actor, frame.session_id, frame.is_typing),
    );
  }

  private async enter(socket: Socket): Promise<Actor> {
    await this.entrance.knock(socket.request);
    return this.entrance.admit(socket.handshake.auth['token']);
  }

  private room(socket: Socket): SocketRoom {
    const room = this.rooms.get(socket.id);
    if (room === undefined) throw new Error('a frame of a socket that was never admitted');
    return room;
  }

  private async leave(): Promise<void> {
    for (const room of this.rooms.values()) room.say(platformErrors.SHUTTING_DOWN());
  }
}

/** Socket.IO hands `data` to the client's `connect_error`. */
function connectError(error: unknown): Error {
  const problem = toProblem(error);
  return Object.assign(new Error(problem.title), { data: problem });
}
