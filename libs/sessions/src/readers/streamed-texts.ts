import type { Delta, LogEvent, Snapshot } from '../log/log-events.js';

/** How much of each unfinished message one client has been sent, in UTF-16 code units. */
export class StreamedTexts {
  private readonly lengths = new Map<string, number>();
  /** Messages that the client has whole: late deltas of theirs are stale. */
  private readonly whole = new Set<string>();

  /** The part of a delta that continues the client's text; `known`: it has it; `gap`: something is missing. */
  accept(delta: Delta): Delta | 'known' | 'gap' {
    if (this.whole.has(delta.message_id)) return 'known';
    const length = this.lengths.get(delta.message_id) ?? 0;
    if (delta.offset > length) return 'gap';
    const fresh = delta.text.slice(length - delta.offset);
    if (fresh === '') return 'known';
    this.lengths.set(delta.message_id, length + fresh.length);
    return delta.offset === length ? delta : { ...delta, offset: length, text: fresh };
  }

  /** A delta that leads from what the client has to the snapshot; null when there is nothing to add. */
  growth(snapshot: Snapshot): Delta | null {
    const length = this.lengths.get(snapshot.message_id) ?? 0;
    if (this.whole.has(snapshot.message_id) || snapshot.text.length <= length) return null;
    return {
      run_id: snapshot.run_id,
      message_id: snapshot.message_id,
      offset: length,
      text: snapshot.text.slice(length),
    };
  }

  /** Whether the snapshot is of use: its text then is what the client has. */
  reset(snapshot: Snapshot): boolean {
    if (this.whole.has(snapshot.message_id)) return false;
    this.lengths.set(snapshot.message_id, snapshot.text.length);
    return true;
  }

  /** The finished message replaces what deltas had built; the end of a run forgets its messages. */
  settle(event: LogEvent): void {
    if (event.type === 'message.created' && 'message_id' in event.data && typeof event.data.message_id === 'string') {
      this.lengths.delete(event.data.message_id);
      this.whole.add(event.data.message_id);
    }
    if (event.type === 'run.started') this.whole.clear();
  }
}
