import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@parley/platform/clock';
import { type Actor, INSTALLATION } from '../access/actor.js';
import { authErrors } from '../auth.errors.js';
import { AuthMetrics } from '../auth.metrics.js';
import { LoginWatch } from './login-watch.js';
import { LoginsRepository, type RefreshFacts } from './logins.repository.js';
import { RefreshReplays } from './refresh-replays.js';
import { hashRefreshToken } from './refresh-token.js';
import { type TokenPair, TokenPairs } from './token-pairs.js';

export interface SignOut {
  /** Of another login of the same person, which ends too. */
  readonly refreshToken?: string | null | undefined;
  readonly everywhere?: boolean | null | undefined;
}

/** The next pair, or the one that an earlier call with the same key was given. */
export interface Refreshed extends TokenPair {
  readonly replayed: boolean;
}

/** What becomes of a login after sign-in: new tokens, and its end. */
@Injectable()
export class LoginsService {
  private readonly logger = new Logger(LoginsService.name);

  constructor(
    private readonly repository: LoginsRepository,
    private readonly pairs: TokenPairs,
    private readonly replays: RefreshReplays,
    private readonly watch: LoginWatch,
    private readonly metrics: AuthMetrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Uses a refresh token up and gives the next pair.
   * @param key of a client that fears a lost answer: with it the same call gives the same pair for a minute
   * @throws REFRESH_INVALID; REFRESH_REUSED for one that was used before, which ends its login
   */
  async refresh(token: string, key: string | undefined): Promise<Refreshed> {
    try {
      const refreshed = await this.exchange(token, key);
      this.metrics.attempted('refresh', 'ok');
      return refreshed;
    } catch (error) {
      this.metrics.attempted('refresh', 'refused');
      throw error;
    }
  }

  /** Ends the actor's login, or all of them, for the next request on every node. */
  async signOut(actor: Actor, { refreshToken, everywhere }: SignOut): Promise<void> {
    const hash = hashRefreshToken(refreshToken ?? '') ?? null;
    this.watch.announce(await this.repository.signOut(actor, hash, everywhere ?? false, this.clock.now()));
  }

  /** The login that a refresh token belongs to, whatever became of both. */
  async behind(token: string): Promise<string | undefined> {
    const hash = hashRefreshToken(token);
    const facts = hash && (await this.repository.findRefresh(INSTALLATION, hash, this.clock.now()));
    return facts?.loginId;
  }

  private async exchange(token: string, key: string | undefined): Promise<Refreshed> {
    const hash = hashRefreshToken(token);
    if (hash === undefined) throw refuse();
    const now = this.clock.now();
    const facts = await this.repository.findRefresh(INSTALLATION, hash, now);
    if (facts === undefined) throw refuse();
    if (facts.usedAt !== null) return this.repeat(hash, key, facts, now);
    if (!facts.live || facts.expiresAt <= now) throw refuse();
    return this.rotate(hash, key, facts, now);
  }

  private async rotate(hash: Buffer, key: string | undefined, facts: RefreshFacts, now: Date): Promise<Refreshed> {
    const { pair, refreshHash, refreshExpiresAt } = await this.pairs.next(facts, now);
    const replay = await this.replays.keep(hash, key, pair, now);
    const rotation = { from: hash, to: refreshHash, expiresAt: refreshExpiresAt, replay };
    if (await this.repository.rotate(INSTALLATION, rotation, now)) return { ...pair, replayed: false };
    const present = await this.repository.findRefresh(INSTALLATION, hash, now);
    if (present === undefined || present.usedAt === null) throw refuse();
    return this.repeat(hash, key, present, now);
  }

  /** A used token: either the same call once more, or somebody has a copy of it. */
  private async repeat(hash: Buffer, key: string | undefined, facts: RefreshFacts, now: Date): Promise<Refreshed> {
    const pair = facts.live ? await this.replays.open(hash, key, facts, now) : undefined;
    if (pair !== undefined) return { ...pair, replayed: true };
    const ended = await this.repository.end(INSTALLATION, [facts.loginId], 'refresh_reused', now);
    this.watch.announce(ended);
    this.metrics.refreshReused();
    this.logger.warn({ msg: 'refresh token used twice: its login is ended', login_id: facts.loginId });
    throw authErrors.REFRESH_REUSED({ headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } });
  }
}

/** One answer for unknown, expired and ended: whoever tries tokens learns nothing. */
function refuse() {
  return authErrors.REFRESH_INVALID({ headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } });
}
