import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { platformErrors } from '@parley/platform/errors';
import { type CursorBinding, CursorCodec, type Page } from '@parley/platform/http';
import { z } from 'zod';
import { renderMessage } from '../rows.js';
import type { MessageDto, MessageListQueryDto } from './messages.dto.js';
import { MessagesRepository } from './messages.repository.js';

const position = z.number().int();
const results = z.record(z.string(), z.unknown()).nullable();

@Injectable()
export class MessagesService {
  constructor(
    private readonly messages: MessagesRepository,
    private readonly cursors: CursorCodec,
  ) {}

  async list(actor: Actor, sessionId: string, query: MessageListQueryDto): Promise<Page<MessageDto>> {
    const { limit, cursor, order = 'desc', include } = query;
    const binding: CursorBinding = {
      list: `messages:${sessionId}`,
      orgId: actor.orgId,
      principalId: actor.principalId,
      filters: { order },
    };
    const after =
      cursor === undefined ? null : this.cursors.decode(cursor, binding, (stored) => position.parse(stored));
    const rows = await this.messages.page(actor, sessionId, { after, limit: limit + 1, order });
    if (rows === undefined) throw platformErrors.NOT_FOUND();
    const { items, next_cursor } = this.cursors.page(rows, limit, (row) => row.seq, binding);
    const messages = items.map(renderMessage);
    return { items: include === undefined ? messages : await this.withResults(actor, messages), next_cursor };
  }

  async get(actor: Actor, sessionId: string, messageId: string): Promise<MessageDto> {
    const row = await this.messages.find(actor, sessionId, messageId);
    if (row === undefined) throw platformErrors.NOT_FOUND();
    return renderMessage(row);
  }

  /** The last answer of a run; undefined while there is none. */
  async conclusion(actor: Actor, sessionId: string, runId: string): Promise<MessageDto | undefined> {
    const row = await this.messages.lastOfRun(actor, sessionId, runId);
    return row === undefined ? undefined : renderMessage(row);
  }

  private async withResults(actor: Actor, messages: readonly MessageDto[]): Promise<MessageDto[]> {
    const answers = messages.filter((message) => message.role === 'assistant');
    const runIds = [...new Set(answers.map((message) => message.run_id).filter((id) => id !== null))];
    const byRun = await this.messages.componentResults(actor, runIds);
    return messages.map((message) =>
      message.role === 'assistant'
        ? { ...message, component_results: results.parse(byRun.get(message.run_id ?? '') ?? null) }
        : message,
    );
  }
}
