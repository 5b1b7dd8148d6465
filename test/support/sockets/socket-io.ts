import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { record, SessionView } from './view.js';

const WAIT_MS = 10_000;

/** A client of Socket.IO with the package's default options, polling first, unless told otherwise. */
export class SocketIoLine {
  readonly view = new SessionView();
  private constructor(readonly socket: Socket) {}

  /** @throws Error with the problem as `cause` when the server refuses the line */
  static async open(
    url: string,
    token: string | null,
    options: Partial<ManagerOptions & SocketOptions> = {},
  ): Promise<SocketIoLine> {
    const socket = io(`${url}/ws/chat`, { auth: { token }, forceNew: true, reconnection: false, ...options });
    const line = new SocketIoLine(socket);
    for (const kind of ['event', 'delta', 'snapshot', 'status', 'error']) {
      socket.on(kind, (body: unknown) => line.view.tell(kind, record(body)));
    }
    socket.on('disconnect', (reason) => line.view.end(reason));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (error: Error & { data?: unknown }) => {
        socket.close();
        reject(new Error(error.message, { cause: error.data }));
      });
    });
    return line;
  }

  /** The acknowledgement of a frame. */
  async ask(event: string, body: unknown): Promise<Record<string, unknown>> {
    return record(await this.socket.timeout(WAIT_MS).emitWithAck(event, body));
  }

  close(): void {
    this.socket.close();
  }
}
