import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import type { Preferences } from '@parley/platform/http';
import { type MessageDto, Readers, type RunDto, renderMessage, renderRun } from '@parley/sessions';
import { RunsService } from '../runs/runs.service.js';
import type { AcceptedDto, TurnDto } from './chat.dto.js';
import { ChatService, type SendInput, type Sent } from './chat.service.js';
import type { MessagePlace } from './message-path.js';
import type { TakenListener } from './taken.js';
import { runError, TurnWaiter } from './turn-waiter.js';

const DEFAULT_WAIT_S = 60;
const LONGEST_WAIT_S = 300;

export type TurnAnswer = ({ readonly turn: TurnDto } | { readonly accepted: AcceptedDto }) & {
  /** An earlier call has begun the run. */
  readonly replayed: boolean;
};

/** Sending and waiting: the answer of one HTTP exchange. The run does not depend on who waits. */
@Injectable()
export class TurnsService {
  constructor(
    private readonly chat: ChatService,
    private readonly readers: Readers,
    private readonly runs: RunsService,
  ) {}

  send(actor: Actor, sessionId: string, input: SendInput, patience: Preferences, key?: string): Promise<TurnAnswer> {
    return this.answer(actor, sessionId, patience, (heard) => this.chat.send(actor, sessionId, input, key, heard));
  }

  regenerate(
    actor: Actor,
    { sessionId, messageId }: MessagePlace,
    input: { readonly context?: Readonly<Record<string, unknown>> },
    patience: Preferences,
    key?: string,
  ): Promise<TurnAnswer> {
    return this.answer(actor, sessionId, patience, (heard) =>
      this.chat.regenerate(actor, sessionId, messageId, input, { key, heard }),
    );
  }

  private async answer(
    actor: Actor,
    sessionId: string,
    patience: Preferences,
    take: (heard: TakenListener) => Promise<Sent>,
  ): Promise<TurnAnswer> {
    const begun = performance.now();
    const waiter = new TurnWaiter();
    const sent = await take(({ runId, before, replayed }) => {
      if (!patience.respondAsync) {
        waiter.follow(this.readers, { actor, sessionId, runId, after: before, upToDate: !replayed });
      }
    });
    const { replayed } = sent;
    if (patience.respondAsync) return { accepted: acceptedOf(sent, renderRun(sent.run)), replayed };
    waiter.giveUpAfter(Math.min(patience.waitSeconds ?? DEFAULT_WAIT_S, LONGEST_WAIT_S) * 1000);
    const ended = await waiter.ended;
    if (ended === null)
      return { accepted: acceptedOf(sent, await this.runs.get(actor, sessionId, sent.runId)), replayed };
    const response = ended.answers.at(-1);
    if (ended.run.status !== 'completed' || response === undefined) throw runError(ended.run);
    return { turn: turnOf(sent, ended.run, response, performance.now() - begun), replayed };
  }
}

function acceptedOf(sent: Sent, run: RunDto): AcceptedDto {
  return { session_id: sent.sessionId, message: renderMessage(sent.message), run };
}

function turnOf(sent: Sent, run: RunDto, response: MessageDto, milliseconds: number): TurnDto {
  const results = run.component_results ?? {};
  return {
    session_id: sent.sessionId,
    run_id: run.run_id,
    message: renderMessage(sent.message),
    response,
    use_case: sent.useCase,
    components_used: Object.keys(results),
    component_results: results,
    usage: run.usage ?? { input_tokens: 0, output_tokens: 0, cost_usd: null, models: [] },
    processing_time_ms: Math.round(milliseconds),
  };
}
