import type { Duplex } from 'node:stream';
import { streamText } from '@parley/platform/http';
import { gatherWrites } from '@parley/platform/sockets';
import {
  type Delta,
  type LogEvent,
  type MessageDto,
  type ReaderEnd,
  type ReaderSink,
  type RunDto,
  type Snapshot,
  type StatusNotice,
} from '@parley/sessions';
import type { WebSocket } from 'ws';
import { eventJson } from '../streams/event-json.js';
import { isAnswer, isRun } from '../turns/turn-waiter.js';

/** Application close codes of plain WebSocket. */
export const CLOSE = {
  unauthenticated: 4401,
  noSuchSession: 4404,
  tooSlow: 4408,
  leaving: 4503,
  internal: 1011,
} as const;

/** A reader's events as frames; when a run completes, its conclusion once more as one `response`. */
export class PlainSink implements ReaderSink {
  /** The last answer of each run whose end has not been seen. */
  private readonly conclusions = new Map<string, MessageDto>();

  constructor(
    private readonly socket: WebSocket,
    private readonly wire: Duplex,
    private readonly findConclusion: (runId: string) => Promise<MessageDto | undefined>,
    private readonly ended: (reason: ReaderEnd, error: unknown) => void,
  ) {}

  event(event: LogEvent): void {
    this.write(`{"type":"event","event":${eventJson(event)}}`);
    const { run_id: runId, data } = event;
    if (runId === null) return;
    if (event.type === 'message.created' && isAnswer(data)) this.conclusions.set(runId, data);
    else if (event.type === 'run.completed' && isRun(data)) this.conclude(event, data);
    else if (event.type === 'run.failed' || event.type === 'run.cancelled') this.conclusions.delete(runId);
  }

  delta(delta: Delta): void {
    this.send({ type: 'delta', ...delta });
  }

  snapshot(snapshot: Snapshot): void {
    this.send({ type: 'snapshot', ...snapshot });
  }

  status(notice: StatusNotice): void {
    this.send({ type: 'status', ...notice });
  }

  buffered(): number {
    return this.socket.bufferedAmount;
  }

  end(reason: ReaderEnd, error?: unknown): void {
    this.ended(reason, error);
  }

  private conclude(event: LogEvent, run: RunDto): void {
    const known = this.conclusions.get(run.run_id);
    this.conclusions.delete(run.run_id);
    if (known !== undefined) {
      this.respond(event, run, known);
      return;
    }
    // The client already had the answer when it connected: it is read for the frame.
    this.findConclusion(run.run_id).then(
      (answer) => {
        if (answer !== undefined) this.respond(event, run, answer);
      },
      (error: unknown) => this.ended('failed', error),
    );
  }

  private respond(event: LogEvent, run: RunDto, answer: MessageDto): void {
    const results = run.component_results ?? {};
    this.send({
      type: 'response',
      content: answer.content,
      component_results: results,
      components_used: Object.keys(results),
      message_id: answer.message_id,
      run_id: run.run_id,
      seq: event.seq,
      usage: run.usage,
      metadata: answer.metadata,
    });
  }

  private send(frame: object): void {
    this.write(JSON.stringify(frame));
  }

  private write(text: string): void {
    gatherWrites(this.wire);
    this.socket.send(streamText(text), { binary: false });
  }
}
