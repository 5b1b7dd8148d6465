import { Injectable } from '@nestjs/common';
import { SealedFields } from '@parley/platform/crypto';
import { INSTALLATION } from '../access/actor.js';
import type { RefreshFacts, Replay } from './logins.repository.js';
import { sha256 } from './refresh-token.js';
import { type TokenPair, tokenPair } from './token-pairs.js';

const KEPT_MILLISECONDS = 60_000;

/** For clients that fear a lost answer: the same token with the same key gives the same pair for a minute. */
@Injectable()
export class RefreshReplays {
  constructor(private readonly sealed: SealedFields) {}

  /** @param hash of the token that is used up; @param key of the client, absent where it sent none */
  async keep(hash: Buffer, key: string | undefined, pair: TokenPair, now: Date): Promise<Replay | null> {
    if (key === undefined) return null;
    const field = { ...placeOf(hash), purpose: 'refresh_replay' };
    return {
      key: sha256(key),
      sealed: await this.sealed.seal(INSTALLATION, field, JSON.stringify(pair)),
      until: new Date(now.getTime() + KEPT_MILLISECONDS),
    };
  }

  /** @returns undefined where this is no repetition but a second use */
  async open(hash: Buffer, key: string | undefined, facts: RefreshFacts, now: Date): Promise<TokenPair | undefined> {
    const { replayKey, replaySealed, replayUntil } = facts;
    if (key === undefined || replayKey === null || replaySealed === null || replayUntil === null) return undefined;
    if (replayUntil <= now || !replayKey.equals(sha256(key))) return undefined;
    const text = await this.sealed.open(INSTALLATION, placeOf(hash), replaySealed);
    return tokenPair.parse(JSON.parse(text));
  }
}

function placeOf(hash: Buffer) {
  return { table: 'refresh_tokens', column: 'replay_sealed', rowId: hash.toString('hex'), orgId: null };
}
