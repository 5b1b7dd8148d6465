import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Clock } from '@parley/platform/clock';
import { platformErrors } from '@parley/platform/errors';
import { newId } from '@parley/platform/ids';
import { correlationId } from '@parley/platform/observability';
import {
  type MessageRow,
  MessagesRepository,
  type NewTurn,
  SessionsRepository,
  sessionErrors,
  type TurnSession,
} from '@parley/sessions';
import { type PlanInput, type TurnPlan, TurnPlanner } from '@parley/use-cases';
import { Intake } from './intake.service.js';
import { type MessageContent, readContent } from './message-content.js';
import { Repetitions } from './repetitions.service.js';
import type { Taken, TakenListener } from './taken.js';

export interface SendInput {
  readonly content: MessageContent;
  readonly attachments?: readonly { readonly media_id: string }[];
  readonly client_message_id?: string;
  readonly context?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A message that was taken in, as every door answers with it. */
export interface Sent extends Taken {
  readonly sessionId: string;
  readonly useCase: string;
  readonly message: MessageRow;
}

const NOBODY: TakenListener = () => undefined;

/** Sending and regenerating: the one way that all doors take. */
@Injectable()
export class ChatService {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly messages: MessagesRepository,
    private readonly planner: TurnPlanner,
    private readonly intake: Intake,
    private readonly repetitions: Repetitions,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores a message and begins or queues its run. When this returns, nothing of it can be lost.
   * @param key the caller's Idempotency-Key; a repetition joins the run of the first call
   * @param heard called before anyone is told, to listen from the first event on
   */
  async send(actor: Actor, sessionId: string, input: SendInput, key?: string, heard = NOBODY): Promise<Sent> {
    const session = await this.session(actor, sessionId);
    const { text, parts, media } = readContent(input.content);
    const attachments = [...media, ...(input.attachments ?? [])];
    const words = {
      content: text,
      parts,
      attachments: attachments.length === 0 ? null : attachments,
      metadata: input.metadata ?? {},
      context: input.context ?? {},
    };
    const clientMessageId = input.client_message_id ?? null;
    const call = {
      sessionId,
      message: clientMessageId === null ? null : { clientId: clientMessageId, words },
      idempotency: this.repetitions.keyed(key, ['send', sessionId, input]),
      at: this.clock.now(),
    };
    const taken = await this.repetitions.orJoin(actor, call, heard, () => {
      const plan = this.plan(actor, session, words, attachments);
      const turn = {
        ...this.run(actor, session, plan),
        ...words,
        messageId: newId('message'),
        clientMessageId,
        authorName: actor.name,
        idempotency: call.idempotency,
        at: call.at,
      };
      return this.intake.send(actor, turn, plan, heard);
    });
    const message = taken.message ?? (await this.message(actor, sessionId, taken.run.message_id));
    return { ...taken, sessionId, useCase: session.use_case, message };
  }

  /**
   * A new answer to a message, given the id of the message or of an answer to it.
   * @throws NOT_FOUND, MESSAGE_DELETED
   */
  async regenerate(
    actor: Actor,
    sessionId: string,
    messageId: string,
    input: { readonly context?: Readonly<Record<string, unknown>> },
    call: { readonly key?: string | undefined; readonly heard?: TakenListener } = {},
  ): Promise<Sent> {
    const session = await this.session(actor, sessionId);
    const { heard = NOBODY } = call;
    const idempotency = this.repetitions.keyed(call.key, ['regenerate', sessionId, messageId, input]);
    const at = this.clock.now();
    const taken = await this.repetitions.orJoin(
      actor,
      { sessionId, message: null, idempotency, at },
      heard,
      async () => {
        const { id, seq, content } = await this.question(actor, sessionId, messageId);
        const context = input.context ?? {};
        const plan = this.plan(actor, session, { content, context }, []);
        const turn = {
          ...this.run(actor, session, plan),
          ...{ messageId: id, messageSeq: seq, content, context, idempotency, at },
        };
        return this.intake.regenerate(actor, turn, plan, heard);
      },
    );
    const message = await this.message(actor, sessionId, taken.run.message_id);
    return { ...taken, sessionId, useCase: session.use_case, message };
  }

  private plan(
    actor: Actor,
    session: TurnSession,
    { content, context }: Pick<NewTurn, 'content' | 'context'>,
    attachments: PlanInput['attachments'],
  ): TurnPlan {
    const { use_case: useCase, settings: sessionSettings } = session;
    return this.planner.plan(actor, { useCase, sessionSettings, context, content, attachments });
  }

  /** What every new run of a session has. */
  private run(actor: Actor, session: TurnSession, plan: TurnPlan) {
    return {
      sessionId: session.id,
      runId: newId('run'),
      useCase: session.use_case,
      untitled: session.title_source === 'none' && actor.kind !== 'trial',
      plan,
      historyLimit: plan.historyLimit,
      correlationId: correlationId() ?? null,
    };
  }

  private async session(actor: Actor, sessionId: string) {
    const session = await this.sessions.forTurn(actor, sessionId);
    if (session === undefined) throw platformErrors.NOT_FOUND();
    return session;
  }

  private async message(actor: Actor, sessionId: string, messageId: string): Promise<MessageRow> {
    const message = await this.messages.find(actor, sessionId, messageId);
    if (message === undefined) throw platformErrors.NOT_FOUND();
    return message;
  }

  /** The user message that is to be answered anew. */
  private async question(actor: Actor, sessionId: string, messageId: string): Promise<MessageRow> {
    const named = await this.message(actor, sessionId, messageId);
    const question =
      named.role === 'user' || named.parent_id === null ? named : await this.message(actor, sessionId, named.parent_id);
    if (question.role !== 'user') throw platformErrors.NOT_FOUND();
    if (question.status === 'deleted') throw sessionErrors.MESSAGE_DELETED();
    return question;
  }
}
