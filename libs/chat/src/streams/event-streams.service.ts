import type { ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { type Actor, authErrors, LoginWatch } from '@parley/auth';
import { CONFIG, type Config } from '@parley/platform/config';
import { platformErrors, toProblem } from '@parley/platform/errors';
import { openEventStream } from '@parley/platform/http';
import { Drain } from '@parley/platform/lifecycle';
import { correlationId } from '@parley/platform/observability';
import { type OpenReader, Readers } from '@parley/sessions';
import { ChatMetrics } from '../chat.metrics.js';
import type { TakenListener } from '../turns/taken.js';
import { StreamSink } from './stream-sink.js';

export interface StreamOptions {
  readonly sessionId: string;
  /** The last `seq` that the client has: events after it are sent. */
  readonly after: number;
  /** Only the events of this run; the stream ends with it. */
  readonly runId?: string;
  /** This very call has just stored everything up to `after`: nothing can have been missed. */
  readonly upToDate?: boolean;
}

/** Server-sent events: one reader, one open answer. */
@Injectable()
export class EventStreams {
  private readonly open = new Map<StreamSink, StreamOptions>();

  constructor(
    private readonly readers: Readers,
    private readonly logins: LoginWatch,
    private readonly metrics: ChatMetrics,
    @Inject(CONFIG) private readonly config: Config,
    drain: Drain,
  ) {
    drain.onDrain('event streams', 'sockets', () => this.leave());
  }

  start(actor: Actor, response: ServerResponse, options: StreamOptions): void {
    let reader: OpenReader | undefined;
    const gone = this.metrics.connected('sse');
    const stream = openEventStream(response, {
      heartbeatSeconds: this.config.sockets.heartbeat_seconds,
      onClose: () => {
        gone();
        unwatch();
        reader?.close();
        this.open.delete(sink);
      },
    });
    const correlation = correlationId();
    const sink = new StreamSink(stream, {
      sessionId: options.sessionId,
      ...(correlation === undefined ? {} : { correlationId: correlation }),
    });
    const unwatch = this.logins.watch(actor, () => sink.fail(toProblem(authErrors.TOKEN_INVALID())));
    this.open.set(sink, options);
    reader = this.readers.open({ actor, ...options }, sink);
  }

  /** A listener for `ChatService.send`: opens the stream of the run once its message is stored. */
  ofRun(actor: Actor, sessionId: string, response: ServerResponse): TakenListener {
    return ({ runId, before, replayed }) => {
      if (replayed) response.setHeader('Idempotent-Replayed', 'true');
      this.start(actor, response, { sessionId, runId, after: before, upToDate: !replayed });
    };
  }

  /**
   * Whoever follows a session goes on elsewhere, with the last `seq` it has. The stream of a run stays: it
   * ends with its run, for which the drain waits.
   */
  private async leave(): Promise<void> {
    for (const [sink, { runId }] of this.open)
      if (runId === undefined) sink.fail(toProblem(platformErrors.SHUTTING_DOWN()));
  }
}
