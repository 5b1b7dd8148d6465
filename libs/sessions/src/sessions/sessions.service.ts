import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Bus } from '@parley/platform/bus';
import { Clock } from '@parley/platform/clock';
import { platformErrors } from '@parley/platform/errors';
import {
  type CursorBinding,
  CursorCodec,
  type ExpectedVersions,
  expectVersion,
  type Page,
} from '@parley/platform/http';
import { newId } from '@parley/platform/ids';
import { TurnPlanner } from '@parley/use-cases';
import { z } from 'zod';
import { announceGone, announceWake } from '../log/session-channel.js';
import { announceRunControl } from '../runs/run-control.js';
import { mergePatch } from './merge-patch.js';
import type { CreateSessionDto, SessionDto, SessionListQueryDto, UpdateSessionDto } from './sessions.dto.js';
import {
  type SessionChange,
  type SessionPosition,
  type SessionRow,
  SessionsRepository,
} from './sessions.repository.js';

const position = z.tuple([z.iso.datetime(), z.string()]);

@Injectable()
export class SessionsService {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly planner: TurnPlanner,
    private readonly cursors: CursorCodec,
    private readonly bus: Bus,
    private readonly clock: Clock,
  ) {}

  /** @throws USE_CASE_UNKNOWN, USE_CASE_DISABLED, VALIDATION_FAILED with one entry per bad setting */
  async create(actor: Actor, input: CreateSessionDto): Promise<SessionDto> {
    this.planner.checkSessionSettings(actor, input.use_case, input.settings);
    const session = await this.sessions.insert(actor, {
      id: newId('session'),
      useCase: input.use_case,
      title: input.title ?? null,
      settings: input.settings,
      tags: input.tags,
      metadata: input.metadata,
      at: this.clock.now(),
    });
    return renderSession(session);
  }

  async list(actor: Actor, query: SessionListQueryDto): Promise<Page<SessionDto>> {
    const { use_case, tag, status, q, limit, cursor, order = 'desc' } = query;
    const binding: CursorBinding = {
      list: 'sessions',
      orgId: actor.orgId,
      principalId: actor.principalId,
      filters: { use_case, tag, status, q, order },
    };
    const after = cursor === undefined ? null : this.cursors.decode(cursor, binding, readPosition);
    const filter = {
      ...(use_case === undefined ? {} : { useCase: use_case }),
      ...(tag === undefined ? {} : { tag }),
      ...(status === undefined ? {} : { status }),
      ...(q === undefined ? {} : { words: q }),
    };
    const rows = await this.sessions.page(actor, filter, { after, limit: limit + 1, order });
    const { items, next_cursor } = this.cursors.page(rows, limit, writePosition, binding);
    return { items: items.map(renderSession), next_cursor };
  }

  async get(actor: Actor, sessionId: string): Promise<SessionDto> {
    const session = await this.sessions.find(actor, sessionId);
    if (session === undefined) throw platformErrors.NOT_FOUND();
    return renderSession(session);
  }

  /** @throws PRECONDITION_FAILED, VALIDATION_FAILED; nothing is changed then */
  async update(
    actor: Actor,
    sessionId: string,
    input: UpdateSessionDto,
    expected?: ExpectedVersions,
  ): Promise<SessionDto> {
    const changed = await this.sessions.change(actor, sessionId, this.clock.now(), (session) => {
      expectVersion(expected, session.version);
      return this.decideChange(actor, session, input);
    });
    if (changed === undefined) throw platformErrors.NOT_FOUND();
    if (changed.appended) announceWake(this.bus, sessionId, changed.session.last_seq);
    return renderSession(changed.session);
  }

  /**
   * Soft; a running answer is cancelled, waiting messages are not answered any more.
   * @throws PRECONDITION_FAILED; nothing is deleted then
   */
  async remove(actor: Actor, sessionId: string, expected?: ExpectedVersions): Promise<void> {
    const removed = await this.sessions.remove(actor, sessionId, this.clock.now(), (version) =>
      expectVersion(expected, version),
    );
    if (removed === undefined) throw platformErrors.NOT_FOUND();
    if (removed.activeRunId !== null) announceRunControl(this.bus, { cancel: removed.activeRunId });
    announceGone(this.bus, sessionId);
  }

  private decideChange(actor: Actor, session: SessionRow, input: UpdateSessionDto): SessionChange {
    const settings = input.settings === undefined ? undefined : mergePatch(session.settings, input.settings);
    if (settings !== undefined) this.planner.checkChangedSettings(actor, session.use_case, settings);
    return {
      ...(input.title === undefined ? {} : { title: input.title, titleSource: input.title === null ? 'none' : 'user' }),
      ...(input.tags === undefined ? {} : { tags: input.tags }),
      ...(input.metadata === undefined ? {} : { metadata: input.metadata }),
      ...(input.status === undefined ? {} : { status: input.status }),
      ...(settings === undefined ? {} : { settings }),
    };
  }
}

export function renderSession(row: SessionRow): SessionDto {
  return {
    session_id: row.id,
    user_id: row.owner_id,
    use_case: row.use_case,
    title: row.title,
    status: row.status,
    settings: row.settings,
    tags: row.tags,
    metadata: row.metadata,
    message_count: row.message_count,
    last_seq: row.last_seq,
    last_message_at: row.last_message_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    version: row.version,
  };
}

function readPosition(stored: unknown): SessionPosition {
  const [at, id] = position.parse(stored);
  return { at: new Date(at), id };
}

function writePosition(row: SessionRow): unknown {
  return [row.last_activity_at.toISOString(), row.id];
}
