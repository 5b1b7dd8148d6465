import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Clock } from '@parley/platform/clock';
import { CONFIG, type Config } from '@parley/platform/config';
import { platformErrors } from '@parley/platform/errors';
import { newId } from '@parley/platform/ids';
import { correlationId } from '@parley/platform/observability';
import {
  type IdempotentCall,
  type MessageRow,
  MessagesRepository,
  SessionsRepository,
  sessionErrors,
} from '@parley/sessions';
import { type TurnPlan, TurnPlanner } from '@parley/use-cases';
import { Intake, type Taken, type TakenListener } from './intake.service.js';
import { type MessageContent, readContent } from './message-content.js';

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
  readonly message: MessageRow;
  readonly plan: TurnPlan;
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
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
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
    const context = input.context ?? {};
    const plan = this.planner.plan(actor, {
      useCase: session.use_case,
      sessionSettings: session.settings,
      context,
      content: text,
      attachments,
    });
    const turn = {
      sessionId,
      messageId: newId('message'),
      runId: newId('run'),
      useCase: session.use_case,
      content: text,
      parts,
      attachments: attachments.length === 0 ? null : attachments,
      metadata: input.metadata ?? {},
      clientMessageId: input.client_message_id ?? null,
      untitled: session.title_source === 'none' && actor.kind !== 'trial',
      authorName: actor.name,
      context,
      plan,
      historyLimit: plan.historyLimit,
      correlationId: correlationId() ?? null,
      idempotency: this.idempotency(key, ['send', sessionId, input]),
      at: this.clock.now(),
    };
    const taken = await this.intake.send(actor, turn, plan, heard);
    return {
      ...taken,
      sessionId,
      plan,
      message: taken.message ?? (await this.message(actor, sessionId, taken.run.message_id)),
    };
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
    const message = await this.question(actor, sessionId, messageId);
    const context = input.context ?? {};
    const plan = this.planner.plan(actor, {
      useCase: session.use_case,
      sessionSettings: session.settings,
      context,
      content: message.content,
      attachments: [],
    });
    const turn = {
      sessionId,
      runId: newId('run'),
      useCase: session.use_case,
      messageId: message.id,
      messageSeq: message.seq,
      content: message.content,
      untitled: session.title_source === 'none' && actor.kind !== 'trial',
      context,
      plan,
      historyLimit: plan.historyLimit,
      correlationId: correlationId() ?? null,
      idempotency: this.idempotency(call.key, ['regenerate', sessionId, messageId, input]),
      at: this.clock.now(),
    };
    const taken = await this.intake.regenerate(actor, turn, plan, call.heard ?? NOBODY);
    return { ...taken, sessionId, plan, message };
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

  private idempotency(key: string | undefined, call: readonly unknown[]): IdempotentCall | null {
    if (key === undefined) return null;
    return {
      key,
      fingerprint: createHash('sha256').update(JSON.stringify(call)).digest(),
      expiresAt: new Date(this.clock.millis() + this.config.idempotency.hours * 3_600_000),
    };
  }
}
