import type { DialectName, FakeRequest, FakeUsage } from './record.js';
import type { FakeReply } from './scripts.js';

/** What a dialect reads from a request's body. */
export interface ReadChat {
  readonly model: string;
  readonly system: string;
  readonly user: string;
  readonly schema: { readonly name: string; readonly schema: unknown } | null;
  readonly stream: boolean;
  /** All text that counts as input, for the token count. */
  readonly texts: readonly string[];
  /** Whether the client wants usage in a stream. */
  readonly wantsUsage: boolean;
}

/** How one provider's wire says the same things. Frames are whole server-sent events. */
export interface Dialect {
  readonly name: DialectName;
  readChat(body: unknown, path: string): ReadChat;
  open(request: FakeRequest): string;
  piece(request: FakeRequest, text: string): string;
  close(request: FakeRequest, finishReason: string | undefined, usage: FakeUsage | null): string;
  /** The body of an answer that is not streamed. */
  whole(request: FakeRequest, text: string, finishReason: string | undefined, usage: FakeUsage | null): string;
  error(status: number, error: NonNullable<FakeReply['error']>): string;
}
