import { z } from 'zod';
import type { ParleyClient } from '../nodes/client.js';
import { type Books, settledBooks } from './books.js';
import { Follower } from './follower.js';
import { post, type Transport } from './lines.js';
import type { Reading } from './reading.js';
import { messageSchema, type Outgoing, type Receipt, Refusal } from './wire.js';

const PATIENCE_MS = 30_000;
const runStatus = z.object({ status: z.string() });
const regenerated = z.object({ run: z.object({ run_id: z.string() }) });
const messageList = z.object({ items: z.array(messageSchema) });

/** One session with its readers: the hands of a test that plays a course of commands. */
export class Conversation {
  readonly followers: Follower[] = [];

  private constructor(
    private readonly client: ParleyClient,
    readonly sessionId: string,
  ) {}

  static async open(client: ParleyClient, settings: object, transports: readonly Transport[]): Promise<Conversation> {
    const { status, body } = await client.call('/chat/sessions', { method: 'POST', body: { settings } });
    if (status !== 201) throw Refusal.of(body);
    const conversation = new Conversation(client, String(body['session_id']));
    for (const transport of transports) conversation.follow(transport, 0);
    return conversation;
  }

  get readings(): readonly Reading[] {
    return this.followers.map(({ reading }) => reading);
  }

  /** One more reader, who says that it has everything up to `after`. */
  follow(transport: Transport, after: number): void {
    const { client, sessionId } = this;
    const name = `reader ${this.followers.length + 1} after ${after}`;
    const token = String(client.token);
    this.followers.push(new Follower({ name, transport, token, sessionId, after, url: () => client.url }));
  }

  post(message: Outgoing): Promise<Receipt> {
    const { client, sessionId } = this;
    return post({ url: client.url, token: String(client.token), sessionId }, message);
  }

  /** The status of the run as the answer says it. */
  async cancel(runId: string): Promise<string> {
    const { status, body } = await this.client.call(`${this.path}/runs/${runId}/cancel`, { method: 'POST' });
    if (status !== 202) throw Refusal.of(body);
    return runStatus.parse(body).status;
  }

  /** The id of the new run. @throws Refusal */
  async regenerate(messageId: string, key: string): Promise<string> {
    const { status, body } = await this.client.call(`${this.path}/messages/${messageId}/regenerate`, {
      method: 'POST',
      body: {},
      headers: { Prefer: 'respond-async', 'Idempotency-Key': key },
    });
    if (status !== 202) throw Refusal.of(body);
    return regenerated.parse(body).run.run_id;
  }

  /** @throws Refusal */
  async erase(messageId: string): Promise<void> {
    const { status, body } = await this.client.call(`${this.path}/messages/${messageId}`, { method: 'DELETE' });
    if (status !== 204) throw Refusal.of(body);
  }

  async messageIds(): Promise<string[]> {
    const { body } = await this.client.call<unknown>(`${this.path}/messages?order=asc&limit=200`);
    return messageList.parse(body).items.map(({ message_id: id }) => id);
  }

  /** The books once nothing happens any more and every reader has come to their end. */
  async settle(): Promise<Books> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const books = await settledBooks(this.client, this.sessionId, PATIENCE_MS);
      while (this.readings.some(({ cursor }) => cursor < books.lastSeq) && Date.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 20));
      // A title may come after the last answer: then once more.
      const ahead = this.readings.some(({ cursor }) => cursor > books.lastSeq);
      if (!ahead || Date.now() > until) return books;
    }
  }

  async leave(): Promise<void> {
    await Promise.all(this.followers.map((follower) => follower.close()));
  }

  private get path(): string {
    return `/chat/sessions/${this.sessionId}`;
  }
}
