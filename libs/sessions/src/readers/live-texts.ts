import { Injectable } from '@nestjs/common';
import type { Snapshot } from '../log/log-events.js';

/** A message that is being written; its text grows while it is kept here. */
export interface LiveText {
  readonly messageId: string;
  readonly text: string;
}

/**
 * The text of answers that this node is writing now. Derivable: whoever needs the text of a run on
 * another node, or after this one died, reads the drafts.
 */
@Injectable()
export class LiveTexts {
  private readonly bySession = new Map<string, { readonly runId: string; readonly texts: Map<string, LiveText> }>();

  begin(sessionId: string, runId: string): void {
    this.bySession.set(sessionId, { runId, texts: new Map() });
  }

  /** A message's first text has gone out. Telling it again is harmless. */
  add(sessionId: string, live: LiveText): void {
    this.bySession.get(sessionId)?.texts.set(live.messageId, live);
  }

  end(sessionId: string, runId: string): void {
    if (this.bySession.get(sessionId)?.runId === runId) this.bySession.delete(sessionId);
  }

  /** Undefined when no run of that session is written here. */
  of(sessionId: string): { runId: string; snapshots: Snapshot[] } | undefined {
    const live = this.bySession.get(sessionId);
    if (live === undefined) return undefined;
    const snapshots = [...live.texts.values()].map(({ messageId, text }) => ({
      run_id: live.runId,
      message_id: messageId,
      text,
    }));
    return { runId: live.runId, snapshots };
  }
}
