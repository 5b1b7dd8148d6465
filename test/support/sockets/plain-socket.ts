import WebSocket, { type ClientOptions } from 'ws';
import { record, SessionView } from './view.js';

/** A client of plain WebSocket. */
export class PlainLine {
  readonly view = new SessionView();
  /** Frames that are no event, delta, snapshot, status or error. */
  readonly answers: Record<string, unknown>[] = [];
  closeCode: number | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => {
      if (isBinary) throw new Error('the server sends text only');
      this.take(record(JSON.parse(data.toString())));
    });
    socket.on('close', (code) => {
      this.closeCode = code;
      this.view.end(String(code));
    });
  }

  /** Resolves when the line is open; that says nothing yet about the token. */
  static async open(
    url: string,
    sessionId: string,
    options: { token?: string | null; after?: number; protocols?: string[]; client?: ClientOptions } = {},
  ): Promise<PlainLine> {
    const { token, after, protocols = [], client = {} } = options;
    const query = after === undefined ? '' : `?after=${after}`;
    const headers = token === undefined || token === null ? {} : { Authorization: `Bearer ${token}` };
    const address = `${url.replace('http', 'ws')}/ws/chat/${sessionId}${query}`;
    const socket = new WebSocket(address, protocols, { headers, ...client });
    const line = new PlainLine(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return line;
  }

  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The n-th answer of that type. */
  answer(type: string, nth = 1): Promise<Record<string, unknown>> {
    return this.view.until(`${type} ${nth}`, () => this.answers.filter((frame) => frame['type'] === type)[nth - 1]);
  }

  /** The n-th problem: its members. */
  async problem(nth = 1): Promise<Record<string, unknown>> {
    return record((await this.view.until(`problem ${nth}`, () => this.view.errors[nth - 1]))['error']);
  }

  close(): void {
    this.socket.close();
  }

  private take(frame: Record<string, unknown>): void {
    const { type, ...body } = frame;
    if (type === 'event') this.view.tell('event', record(body['event']));
    else if (type === 'delta' || type === 'snapshot' || type === 'status' || type === 'error')
      this.view.tell(type, body);
    else {
      this.answers.push(frame);
      this.view.tell('status', { answered: type });
    }
  }
}
