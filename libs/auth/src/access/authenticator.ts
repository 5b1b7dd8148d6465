import { Injectable } from '@nestjs/common';
import { Clock } from '@parley/platform/clock';
import { isId } from '@parley/platform/ids';
import type { VerifiedToken } from '../tokens/access-token.js';
import { invalidToken, TokenService } from '../tokens/token.service.js';
import { TokenKeys } from '../tokens/token-keys.js';
import type { Actor } from './actor.js';
import { roleSetOf } from './role-sets.js';
import { StandingRepository } from './standing.repository.js';

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
    const found = await this.standing.read({ orgId: claims.org }, claims.sid, storedKid, this.clock.now());
    if (found?.keyStands === false) this.keys.drop(kid);
    if (!found?.live || !found.keyStands || found.principalId !== claims.sub || found.orgId !== claims.org) {
      throw ended();
    }
    return toActor(found.kind, found.principalId, found.orgId, claims.sid, found.roles);
  }

  /**
   * The same actor with the rights it has now: for what comes in over a connection that stays open.
   * @throws TOKEN_INVALID when its login has ended
   */
  async renew(actor: Actor): Promise<Actor> {
    if (actor.loginId === null) return actor;
    const found = await this.standing.read(actor, actor.loginId, null, this.clock.now());
    if (!found?.live) throw ended();
    return toActor(found.kind, found.principalId, found.orgId, actor.loginId, found.roles);
  }
}

function toActor(
  kind: Actor['kind'],
  principalId: string,
  orgId: string,
  loginId: string,
  roles: readonly string[],
): Actor {
  return { kind, principalId, orgId, loginId, ...roleSetOf(roles) };
}

function ended() {
  return invalidToken({ detail: 'The login behind this token has ended.' });
}
