import { isRunEnd, type LogEvent, type StatusNotice } from '../log/log-events.js';

/**
 * Derives what a client shows of a session's state. Nothing is said twice in a row, and nothing
 * during a replay: `settle` says at its end how things stand.
 */
export class StatusLine {
  private said = '';
  private activeRun: string | null = null;
  /** The last run whose end the log has told. */
  private ended: string | null = null;
  private typing = false;

  constructor(private readonly say: (notice: StatusNotice) => void) {}

  event(event: LogEvent, live: boolean): void {
    this.follow(event);
    if (!live) return;
    if (event.type === 'run.waiting' || isRunEnd(event.type)) {
      if (this.activeRun === null) this.tell('ready', event.run_id, this.waitingFor(event));
    } else if (event.type === 'run.started' || event.type === 'run.resumed') {
      this.tell('thinking', event.run_id, {});
    } else if (event.type === 'component.started' && !this.typing && 'component' in event.data) {
      this.tell('thinking', event.run_id, { component: event.data.component });
    }
  }

  delta(runId: string): void {
    if (this.typing) return;
    this.typing = true;
    this.tell('typing', runId, {});
  }

  /** The log has told its end, also where the node that wrote it was cut off and does not know yet. */
  isOver(runId: string): boolean {
    return runId === this.ended;
  }

  settle(runId: string | null, typing: boolean): void {
    const isOver = runId !== null && this.isOver(runId);
    if (!isOver) this.activeRun = runId;
    this.typing = typing && !isOver;
    this.tell(this.activeRun === null ? 'ready' : this.typing ? 'typing' : 'thinking', this.activeRun, {});
  }

  private follow(event: LogEvent): void {
    if (isRunEnd(event.type)) this.ended = event.run_id;
    else if (event.type === 'run.started' && event.run_id === this.ended) this.ended = null;
    if (event.type === 'run.started' || event.type === 'run.resumed') {
      this.activeRun = event.run_id;
      this.typing = false;
    } else if (event.type === 'run.waiting' || (isRunEnd(event.type) && event.run_id === this.activeRun)) {
      this.activeRun = null;
      this.typing = false;
    }
  }

  private waitingFor(event: LogEvent): Record<string, unknown> {
    return 'action_id' in event.data ? { action_id: event.data.action_id } : {};
  }

  private tell(status: StatusNotice['status'], runId: string | null, metadata: Record<string, unknown>): void {
    const notice = { status, run_id: runId, metadata };
    const text = JSON.stringify(notice);
    if (text === this.said) return;
    this.said = text;
    this.say(notice);
  }
}
