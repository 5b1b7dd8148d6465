import { Injectable } from '@nestjs/common';
import type { Snapshot } from './log-events.js';

/**
 * The text of answers that this node is writing now. Derivable: whoever needs the text of a run on
 * another node, or after this one died, reads the drafts.
 */
@Injectable()
export class LiveTexts {
  private readonly bySession = new Map<string, { readonly runId: string; readonly texts: Map<string, string> }>();

  begin(sessionId: string, runId: string): void {
    this.bySession.set(sessionId, { runId, texts: new Map() });
  }

  set(sessionId: string, messageId: string, text: string): void {
    this.bySession.get(sessionId)?.texts.set(messageId, text);
  }

  end(sessionId: string, runId: string): void {
    if (this.bySession.get(sessionId)?.runId === runId) this.bySession.delete(sessionId);
  }

  /** Undefined when no run of that session is written here. */
  of(sessionId: string): { runId: string; snapshots: Snapshot[] } | undefined {
    const live = this.bySession.get(sessionId);
    if (live === undefined) return undefined;
    const snapshots = [...live.texts].map(([messageId, text]) => ({ run_id: live.runId, message_id: messageId, text }));
    return { runId: live.runId, snapshots };
  }
}
