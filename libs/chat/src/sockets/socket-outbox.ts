import { type IncomingMessage, ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import type { Problem } from '@parley/platform/errors';
import { gatherWrites } from '@parley/platform/sockets';
import type { Socket } from 'socket.io';

type Answer = ServerResponse<IncomingMessage>;

/**
 * What waits for the client of one Socket.IO socket, in bytes, from the moment it is made until the system has taken it.
 * Engine.IO says that it is drained when it has handed its packets on, long before that. Counting the bytes of a short
 * text costs some 50 ns, a hundredth of what making its packet does; a stream that holds strings counts characters.
 */
export class SocketOutbox {
  /** Not handed on yet: a transport takes the next packets when it has written the last ones, or a poll has come. */
  private held = 0;
  /** Handed to the WebSocket, until it has written the last of it. */
  private writing = 0;
  /** Answers to polls that the client has not taken yet. */
  private readonly answers = new Map<Answer, number>();

  constructor(private readonly socket: Socket) {
    const { conn } = socket;
    conn.on('packetCreate', (packet: { data?: unknown }) => {
      if (typeof packet.data === 'string') this.held += Buffer.byteLength(packet.data);
    });
    conn.on('flush', () => this.handOn());
    this.listen();
    conn.on('upgrade', () => this.listen());
  }

  get bytes(): number {
    let bytes = this.held + this.writing;
    for (const answer of this.answers.values()) bytes += answer;
    return bytes;
  }

  /**
   * Says why and closes the line. Nothing here waits for the client to take something, since it does not. On a WebSocket
   * the problem and the end stand behind what it was given: who reads on before the line is torn down hears of them.
   */
  cutOff(problem: Problem): void {
    const { conn } = this.socket;
    for (const say of [() => this.socket.emit('error', problem), () => this.socket.disconnect(true)]) {
      // The WebSocket keeps what it is given; Engine.IO would throw away what it has not handed on.
      if (conn.transport.name === 'websocket') conn.transport.writable = true;
      say();
    }
    conn.close(true);
    for (const answer of this.answers.keys()) answer.destroy();
  }

  private handOn(): void {
    const { transport } = this.socket.conn;
    const wire = wireOf(transport);
    if (wire !== undefined) gatherWrites(wire);
    const answer: unknown = Reflect.get(transport, 'res');
    if (isAnswer(answer)) this.answer(answer, this.held);
    else this.writing += this.held;
    this.held = 0;
  }

  private answer(answer: Answer, bytes: number): void {
    this.answers.set(answer, bytes);
    answer.once('close', () => this.answers.delete(answer));
  }

  /** A transport says that it is drained when its last packet is written. */
  private listen(): void {
    this.socket.conn.transport.on('drain', () => {
      this.writing = 0;
    });
  }
}

/** The connection below a WebSocket, which neither Engine.IO nor ws declares; undefined while the client polls. */
function wireOf(transport: Socket['conn']['transport']): Writable | undefined {
  const webSocket: unknown = Reflect.get(transport, 'socket');
  const wire: unknown = typeof webSocket === 'object' && webSocket !== null ? Reflect.get(webSocket, '_socket') : null;
  return wire instanceof Writable ? wire : undefined;
}

function isAnswer(value: unknown): value is Answer {
  return value instanceof ServerResponse;
}
