import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { Database } from '@parley/platform/database';

export interface NewFeedback {
  readonly id: string;
  readonly sessionId: string;
  readonly messageId: string;
  readonly rating: 'up' | 'down';
  readonly comment: string | null;
  readonly at: Date;
}

@Injectable()
export class FeedbackRepository {
  constructor(private readonly database: Database) {}

  /** One judgement of a message per principal: a later one takes the place of the earlier. */
  put(actor: Actor, feedback: NewFeedback): Promise<{ id: string; created_at: Date }> {
    return this.database.as(actor, (db) =>
      db
        .insertInto('feedback')
        .values({
          org_id: actor.orgId,
          id: feedback.id,
          owner_id: actor.principalId,
          session_id: feedback.sessionId,
          message_id: feedback.messageId,
          rating: feedback.rating,
          comment: feedback.comment,
          created_at: feedback.at,
          updated_at: feedback.at,
        })
        .onConflict((conflict) =>
          conflict
            .columns(['org_id', 'message_id', 'owner_id'])
            .doUpdateSet({ rating: feedback.rating, comment: feedback.comment, updated_at: feedback.at }),
        )
        .returning(['id', 'created_at'])
        .executeTakeFirstOrThrow(),
    );
  }
}
