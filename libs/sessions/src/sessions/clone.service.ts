import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Clock } from '@parley/platform/clock';
import { platformErrors } from '@parley/platform/errors';
import { isId, newId } from '@parley/platform/ids';
import { MessagesRepository } from '../messages/messages.repository.js';
import { CloneRepository } from './clone.repository.js';
import type { CloneSessionDto, SessionDto } from './sessions.dto.js';
import { SessionsRepository } from './sessions.repository.js';
import { renderSession } from './sessions.service.js';

@Injectable()
export class CloneService {
  constructor(
    private readonly sessions: SessionsRepository,
    private readonly messages: MessagesRepository,
    private readonly clones: CloneRepository,
    private readonly clock: Clock,
  ) {}

  /** Copies rows and calls no model. Erased messages are not copied; runs and feedback stay where they are. */
  async clone(actor: Actor, sessionId: string, input: CloneSessionDto): Promise<SessionDto> {
    const session = await this.sessions.find(actor, sessionId);
    if (session === undefined) throw platformErrors.NOT_FOUND();
    const upToSeq =
      input.up_to_message_id === undefined ? null : await this.seqOf(actor, sessionId, input.up_to_message_id);
    const copy = await this.clones.copyInto(
      actor,
      { sessionId, upToSeq, withTitle: (input.title ?? null) === null },
      {
        id: newId('session'),
        useCase: session.use_case,
        title: input.title ?? null,
        settings: session.settings,
        tags: session.tags,
        metadata: { ...session.metadata, cloned_from: sessionId },
        at: this.clock.now(),
      },
      () => newId('message'),
    );
    return renderSession(copy);
  }

  private async seqOf(actor: Actor, sessionId: string, messageId: string): Promise<number> {
    const message = isId('message', messageId) ? await this.messages.find(actor, sessionId, messageId) : undefined;
    if (message === undefined) throw platformErrors.NOT_FOUND();
    return message.seq;
  }
}
