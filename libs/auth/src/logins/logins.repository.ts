import { Injectable } from '@nestjs/common';
import { Database } from '@parley/platform/database';
import { sql } from 'kysely';
import type { Actor } from '../access/actor.js';

/** A refresh token as it is stored, and the login it hangs under. */
export interface RefreshFacts {
  readonly loginId: string;
  readonly principalId: string;
  readonly orgId: string;
  readonly authTime: Date;
  readonly amr: readonly string[];
  readonly loginExpiresAt: Date;
  /** Login not ended and not run out, principal and membership active. */
  readonly live: boolean;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  readonly replayKey: Buffer | null;
  readonly replaySealed: string | null;
  readonly replayUntil: Date | null;
}

/** What a repeated call with the same key is given for a while. */
export interface Replay {
  readonly key: Buffer;
  readonly sealed: string;
  readonly until: Date;
}

export interface Rotation {
  readonly from: Buffer;
  readonly to: Buffer;
  readonly expiresAt: Date;
  readonly replay: Replay | null;
}

export type LoginEnd = 'signed_out' | 'refresh_reused';

/** Logins after sign-in: rotation of their refresh tokens, and their ends. */
@Injectable()
export class LoginsRepository {
  constructor(private readonly database: Database) {}

  findRefresh(actor: Actor, hash: Buffer, now: Date): Promise<RefreshFacts | undefined> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<RefreshFacts>`
        select l.id as "loginId", l.principal_id as "principalId", l.org_id as "orgId", l.auth_time as "authTime", l.amr,
          l.expires_at as "loginExpiresAt",
          l.ended_at is null and l.expires_at > ${now} and p.status = 'active' and m.status = 'active' as live,
          r.expires_at as "expiresAt", r.used_at as "usedAt",
          r.replay_key as "replayKey", r.replay_sealed as "replaySealed", r.replay_until as "replayUntil"
        from refresh_tokens r
        join logins l on l.id = r.login_id
        join principals p on p.id = l.principal_id
        join memberships m on m.org_id = l.org_id and m.principal_id = l.principal_id
        where r.hash = ${hash}`.execute(db);
      return rows[0];
    });
  }

  /** Uses one token up and gives the next. @returns false when somebody was faster or the login has ended */
  rotate(actor: Actor, { from, to, expiresAt, replay }: Rotation, now: Date): Promise<boolean> {
    return this.database.as(actor, async (db) => {
      const { numAffectedRows } = await sql`
        with used as (
          update refresh_tokens r
          set used_at = ${now}, replay_key = ${replay?.key ?? null}, replay_sealed = ${replay?.sealed ?? null},
            replay_until = ${replay?.until ?? null}
          from logins l
          where r.hash = ${from} and r.used_at is null and l.id = r.login_id and l.ended_at is null
          returning r.login_id
        ), seen as (
          update logins set last_seen_at = ${now} where id = (select login_id from used)
        )
        insert into refresh_tokens (hash, login_id, issued_at, expires_at)
        select ${to}, login_id, ${now}, ${expiresAt} from used`.execute(db);
      return numAffectedRows === 1n;
    });
  }

  /** @returns the logins that were open and are ended now */
  end(actor: Actor, loginIds: readonly string[], reason: LoginEnd, now: Date): Promise<string[]> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<{ id: string }>`
        update logins set ended_at = ${now}, end_reason = ${reason}
        where id = any(${loginIds}::text[]) and ended_at is null returning id`.execute(db);
      return rows.map(({ id }) => id);
    });
  }

  /**
   * Signs the actor out: of its own login, of the one behind a refresh token if that is its own too, or of all.
   * @returns the logins that were open and are ended now
   */
  signOut(actor: Actor, refreshHash: Buffer | null, everywhere: boolean, now: Date): Promise<string[]> {
    return this.database.as(actor, async (db) => {
      const { rows } = await sql<{ id: string }>`
        update logins set ended_at = ${now}, end_reason = 'signed_out'
        where principal_id = ${actor.principalId} and ended_at is null and (
          ${everywhere}::boolean or id = ${actor.loginId}
          or id = (select login_id from refresh_tokens where hash = ${refreshHash}))
        returning id`.execute(db);
      return rows.map(({ id }) => id);
    });
  }
}
