import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Clock } from '@parley/platform/clock';
import { platformErrors } from '@parley/platform/errors';
import type { stringify } from 'csv-stringify/sync';
import type { MessageDto } from '../messages/messages.dto.js';
import { MessagesRepository } from '../messages/messages.repository.js';
import { renderMessage } from '../rows.js';
import type { ExportFormat, SessionDto } from './sessions.dto.js';
import { SessionsRepository } from './sessions.repository.js';
import { renderSession } from './sessions.service.js';

const PAGE = 200;
const CSV_COLUMNS = [
  'seq',
  'message_id',
  'parent_id',
  'role',
  'author',
  'status',
  'superseded',
  'finish_reason',
  'created_at',
  'content',
];

export interface ConversationExport {
  readonly mediaType: string;
  readonly fileName: string;
  /** The document in pieces, so that no conversation is held whole in memory. */
  readonly pieces: AsyncGenerator<string>;
}

@Injectable()
export class ExportService {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly messages: MessagesRepository,
    private readonly clock: Clock,
  ) {}

  async export(actor: Actor, sessionId: string, format: ExportFormat): Promise<ConversationExport> {
    const row = await this.sessions.find(actor, sessionId);
    if (row === undefined) throw platformErrors.NOT_FOUND();
    const session = renderSession(row);
    const pages = this.pages(actor, session);
    switch (format) {
      case 'json':
        return file(session, 'json', 'application/json; charset=utf-8', this.json(session, pages));
      case 'markdown':
        return file(session, 'md', 'text/markdown; charset=utf-8', markdown(session, pages));
      case 'csv':
        return file(session, 'csv', 'text/csv; charset=utf-8; header=present', csv(pages));
    }
  }

  private async *pages(actor: Actor, session: SessionDto): AsyncGenerator<MessageDto[]> {
    let after = 0;
    for (;;) {
      const rows = await this.messages.page(actor, session.session_id, { after, limit: PAGE, order: 'asc' });
      if (rows === undefined || rows.length === 0) return;
      yield rows.map(renderMessage);
      after = rows.at(-1)?.seq ?? after;
    }
  }

  private async *json(session: SessionDto, pages: AsyncGenerator<MessageDto[]>): AsyncGenerator<string> {
    const head = { format: 'parley.conversation', version: 1, exported_at: this.clock.now().toISOString(), session };
    yield `${JSON.stringify(head).slice(0, -1)},"messages":[`;
    let separator = '';
    for await (const page of pages) {
      for (const message of page) {
        yield separator + JSON.stringify(message);
        separator = ',';
      }
    }
    yield ']}';
  }
}

function file(
  session: SessionDto,
  extension: string,
  mediaType: string,
  pieces: AsyncGenerator<string>,
): ConversationExport {
  return { mediaType, fileName: `conversation-${session.session_id}.${extension}`, pieces };
}

/** Markdown may carry HTML: what could run or load something when it is shown is taken out. */
async function* markdown(session: SessionDto, pages: AsyncGenerator<MessageDto[]>): AsyncGenerator<string> {
  const { default: sanitise } = await import('sanitize-html');
  const clean = (text: string) => sanitise(text, { allowedSchemes: ['http', 'https', 'mailto'] });
  yield `# ${clean(oneLine(session.title ?? 'Conversation'))}\n\n- Session: ${session.session_id}\n- Use case: ${session.use_case}\n- Created: ${session.created_at}\n`;
  for await (const page of pages) {
    for (const message of page) {
      const name = clean(oneLine(message.author.name ?? message.role));
      const marks = [
        message.status === 'complete' ? '' : message.status,
        message.superseded ? 'superseded' : '',
      ].filter((mark) => mark !== '');
      yield `\n## ${name} · ${message.created_at}${marks.length === 0 ? '' : ` (${marks.join(', ')})`}\n\n`;
      yield message.status === 'deleted' ? '*This message has been erased.*\n' : `${clean(message.content)}\n`;
    }
  }
}

async function* csv(pages: AsyncGenerator<MessageDto[]>): AsyncGenerator<string> {
  const { stringify: write } = await import('csv-stringify/sync');
  yield line(write, CSV_COLUMNS);
  for await (const page of pages) {
    for (const message of page) {
      yield line(write, [
        String(message.seq),
        message.message_id,
        message.parent_id ?? '',
        message.role,
        message.author.name ?? message.author.id,
        message.status,
        String(message.superseded),
        message.finish_reason ?? '',
        message.created_at,
        message.content,
      ]);
    }
  }
}

/** RFC 4180; a cell that a spreadsheet would take for a formula gets a leading apostrophe. */
function line(write: typeof stringify, cells: readonly string[]): string {
  return write([[...cells]], { record_delimiter: 'windows', escape_formulas: true });
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
