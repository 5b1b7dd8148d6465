import { Injectable } from '@nestjs/common';
import { Clock } from '@parley/platform/clock';
import { isId } from '@parley/platform/ids';
import { authErrors } from '../auth.errors.js';
import type { VerifiedToken } from '../tokens/access-token.js';
import { invalidToken, TokenService } from '../tokens/token.service.js';
import { TokenKeys } from '../tokens/token-keys.js';
import type { Actor } from './actor.js';
import type { Permission } from './permissions.js';
import { roleSetOf } from './role-sets.js';
import { type PrincipalStanding, StandingRepository } from './standing.repository.js';

/**
 * Says who somebody is, for every door alike. A token is verified, and then the login behind it is
 * read: never cached, so that sign-out, disabling and changed roles hold for the next request everywhere.
 */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: TokenService,
    private readonly keys: TokenKeys,
    private readonly standing: StandingRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * @param token an access token as the client sent it
   * @throws TOKEN_INVALID, TOKEN_EXPIRED, DATABASE_UNAVAILABLE
   */
  async authenticate(token: string): Promise<Actor> {
    return this.actorOf(await this.tokens.verify(token));
  }

  /** @throws TOKEN_INVALID when the login has ended, the principal is not active or the key was revoked */
  async actorOf({ claims, kid }: VerifiedToken): Promise<Actor> {
    const storedKid = isId('signingKey', kid) ? kid : null;
    const found = await this.standing.ofLogin({ orgId: claims.org }, claims.sid, storedKid, this.clock.now());
    if (found?.keyStands === false) this.keys.drop(kid);
    if (!found?.live || !found.keyStands || found.principalId !== claims.sub || found.orgId !== claims.org) {
      throw ended();
    }
    return toActor(found, { loginId: claims.sid, signingKeyId: storedKid });
  }

  /**
   * The same actor with the rights it has now: for what comes in over a connection that stays open.
   * @throws TOKEN_INVALID when its login has ended
   */
  async renew(actor: Actor): Promise<Actor> {
    if (actor.loginId === null) return actor;
    const found = await this.standing.ofLogin(actor, actor.loginId, null, this.clock.now());
    if (!found?.live) throw ended();
    return toActor(found, actor);
  }

  /**
   * Whoever caused a piece of work, with the rights it has now. Ending a login stops nothing that was
   * begun through it; a disabled account and a lost right do.
   * @param stored the actor as the work remembers it
   * @throws PERMISSION_DENIED
   */
  async restore(stored: StoredActor, permission: Permission): Promise<Actor> {
    const found = await this.standing.ofPrincipal(stored, stored.principalId, this.clock.now());
    if (!found?.live) throw authErrors.PERMISSION_DENIED({ detail: 'The account behind this is not active any more.' });
    const actor = toActor(found, { loginId: stored.loginId, signingKeyId: null });
    if (!actor.permissions.has(permission)) {
      throw authErrors.PERMISSION_DENIED({ detail: `This needs the permission ${permission}.` });
    }
    return actor;
  }
}

/** As much of an actor as work has to remember; its rights are read when they are needed. */
export type StoredActor = Pick<Actor, 'principalId' | 'orgId' | 'loginId'>;

function toActor(
  { kind, principalId, orgId, name, timeZone, roles }: PrincipalStanding,
  { loginId, signingKeyId }: Pick<Actor, 'loginId' | 'signingKeyId'>,
): Actor {
  return { kind, principalId, orgId, name, timeZone, loginId, signingKeyId, ...roleSetOf(roles) };
}

function ended() {
  return invalidToken({ detail: 'The login behind this token has ended.' });
}
