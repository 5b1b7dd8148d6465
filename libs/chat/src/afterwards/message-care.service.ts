import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Bus } from '@parley/platform/bus';
import { Clock } from '@parley/platform/clock';
import { platformErrors } from '@parley/platform/errors';
import { newId } from '@parley/platform/ids';
import { announceWake, FeedbackRepository, MessagesRepository, sessionErrors } from '@parley/sessions';
import type { FeedbackDto, FeedbackResultDto } from '../turns/chat.dto.js';
import { Summaries } from './summaries.service.js';
import { Titles } from './titles.service.js';

/** What happens to a message after it was said: erasure and judgement. */
@Injectable()
export class MessageCare {
  constructor(
    private readonly messages: MessagesRepository,
    private readonly feedback: FeedbackRepository,
    private readonly titles: Titles,
    private readonly summaries: Summaries,
    private readonly bus: Bus,
    private readonly clock: Clock,
  ) {}

  /**
   * Erases content and attachments; the row stays as `deleted`. A title or summary that was written from
   * the message goes with it, and is written anew from what is left.
   * @throws RUN_IN_PROGRESS while the message is being answered
   */
  async erase(actor: Actor, sessionId: string, messageId: string): Promise<void> {
    const erased = await this.messages.erase(actor, sessionId, messageId, this.clock.now());
    if (erased === undefined) throw platformErrors.NOT_FOUND();
    if (erased === 'busy')
      throw sessionErrors.RUN_IN_PROGRESS({ detail: 'The message is being answered: cancel its run first.' });
    announceWake(this.bus, sessionId, erased.lastSeq);
    if (erased.lostTitle !== null) await this.titles.begin(actor, sessionId, erased.lostTitle === 'model');
    if (erased.unsummarised !== undefined) await this.summaries.anew(actor, sessionId, erased.unsummarised);
  }

  /** @throws MESSAGE_DELETED */
  async rate(actor: Actor, sessionId: string, messageId: string, input: FeedbackDto): Promise<FeedbackResultDto> {
    const message = await this.messages.find(actor, sessionId, messageId);
    if (message === undefined) throw platformErrors.NOT_FOUND();
    if (message.status === 'deleted') throw sessionErrors.MESSAGE_DELETED();
    const comment = input.comment ?? null;
    const stored = await this.feedback.put(actor, {
      id: newId('feedback'),
      sessionId,
      messageId,
      rating: input.rating,
      comment,
      at: this.clock.now(),
    });
    return {
      feedback_id: stored.id,
      message_id: messageId,
      rating: input.rating,
      comment,
      created_at: stored.created_at.toISOString(),
    };
  }
}
