import { type FakeRequest, type FakeUsage, isFoundOrAbsent, isOrAbsent } from './record.js';

/** What a script answers. Everything left out behaves like a healthy provider without delay. */
export interface FakeReply {
  readonly text?: string;
  /** Exactly these pieces of text, one stream chunk each; lone surrogates allowed. Without: `text` word by word. */
  readonly chunks?: readonly string[];
  /** The text is this value as JSON. */
  readonly json?: unknown;
  /** No text at all, ended properly. */
  readonly empty?: boolean;
  /** Milliseconds before the response headers. */
  readonly delayMs?: number;
  /** Milliseconds before each chunk after the first. */
  readonly betweenMs?: number;
  /** Stand still before chunk `before` (from 0) until `until` resolves; in the process of the test only. */
  readonly hold?: { readonly before: number; readonly until: Promise<void> };
  /** An HTTP error of this status instead of an answer. */
  readonly status?: number;
  /** Value of `Retry-After`, with `status`. */
  readonly retryAfter?: number | string;
  /** Body of the HTTP error; a plain one is made where it is left out. */
  readonly error?: { readonly message: string; readonly code?: string; readonly param?: string };
  /** End after this many chunks, without finish reason: see `cut`. */
  readonly cutAfter?: number;
  /** How `cutAfter` ends: the socket destroyed (default), or a clean end of the body without finish reason. */
  readonly cut?: 'socket' | 'clean';
  /** Say nothing more after this many chunks, with the line held open; 0: headers only. */
  readonly silentAfter?: number;
  /** Send one data line that is no JSON after this many chunks. */
  readonly malformedChunk?: number;
  readonly finishReason?: string;
  /** Reported instead of what the fake counted. */
  readonly usage?: FakeUsage;
  readonly noUsage?: boolean;
  /** The body, byte for byte, one write each; nothing is added. With `silentAfter` it is never ended. */
  readonly rawChunks?: readonly string[];
  /** `latin1`: every character of `rawChunks` is one byte, so that characters can be split. */
  readonly rawEncoding?: 'utf8' | 'latin1';
  /** Content type of `rawChunks`; without: that of a good answer. */
  readonly rawType?: string;
}

/** Conditions, all of which must hold. */
export interface FakeCondition {
  /** Against the last user message. */
  readonly user?: RegExp;
  /** Against all system messages joined. */
  readonly system?: RegExp;
  /** Name of the requested JSON Schema, exact. */
  readonly schema?: string;
  /** Name of the requested model, exact. */
  readonly model?: string;
  /** The n-th request (from 1) that fulfils the other conditions of this script. */
  readonly call?: number;
}

export interface FakeScript {
  readonly when?: FakeCondition;
  readonly reply: FakeReply | ((request: FakeRequest) => FakeReply);
  /** How often it answers before it steps aside; without: always. */
  readonly times?: number;
}

/** The scripts of one server, asked in the order in which they were given: the first that fits answers. */
export class ScriptBook {
  private entries: { readonly script: FakeScript; seen: number; used: number }[] = [];

  add(script: FakeScript): void {
    this.entries.push({ script, seen: 0, used: 0 });
  }

  clear(): void {
    this.entries = [];
  }

  replyTo(request: FakeRequest): FakeReply | null {
    for (const entry of this.entries) {
      const { when, times, reply } = entry.script;
      if (times !== undefined && entry.used >= times) continue;
      if (when !== undefined && !fits(when, request)) continue;
      entry.seen += 1;
      if (when?.call !== undefined && when.call !== entry.seen) continue;
      entry.used += 1;
      return typeof reply === 'function' ? reply(request) : reply;
    }
    return null;
  }
}

function fits(when: FakeCondition, request: FakeRequest): boolean {
  return (
    isOrAbsent(when.schema, request.schema?.name) &&
    isOrAbsent(when.model, request.model) &&
    isFoundOrAbsent(when.user, request.user) &&
    isFoundOrAbsent(when.system, request.system)
  );
}
