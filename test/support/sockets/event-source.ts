import type { Call, ParleyClient } from '../nodes/client.js';
import { record, SessionView } from './view.js';

/** A client of server-sent events: reads one answer as it comes. */
export class EventSourceLine {
  readonly view = new SessionView();
  /** Ids of the events as the stream gave them. */
  readonly ids: number[] = [];
  comments = 0;

  private constructor(
    readonly response: Response,
    private readonly controller: AbortController,
  ) {}

  /** @throws Error when the answer is no stream */
  static async open(client: ParleyClient, path: string, call: Call = {}): Promise<EventSourceLine> {
    const controller = new AbortController();
    const headers = { Accept: 'text/event-stream', ...call.headers };
    const response = await client.fetch(path, { ...call, headers }, controller.signal);
    if (!(response.headers.get('content-type') ?? '').startsWith('text/event-stream')) {
      throw new Error(`no stream: ${response.status} ${await response.text()}`);
    }
    const line = new EventSourceLine(response, controller);
    void line.read();
    return line;
  }

  close(): void {
    this.controller.abort();
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const bytes of this.response.body ?? []) {
        text += decoder.decode(bytes, { stream: true });
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) this.take(block);
      }
      this.view.end('closed');
    } catch (error) {
      this.view.end(error instanceof Error ? error.name : 'broken');
    }
  }

  private take(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      if (line.startsWith(':')) this.comments += 1;
      const colon = line.indexOf(': ');
      if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2));
    }
    const data = fields.get('data');
    if (data === undefined) return;
    const id = fields.get('id');
    if (id !== undefined) this.ids.push(Number(id));
    this.view.tell(fields.get('event') ?? 'message', record(JSON.parse(data)));
  }
}
