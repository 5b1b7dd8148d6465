import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus, type BusMessage, type BusSubscription } from '@parley/platform/bus';
import { Clock } from '@parley/platform/clock';
import { z } from 'zod';
import { type Actor, INSTALLATION } from '../access/actor.js';
import { type Entry, StandingRepository } from '../access/standing.repository.js';

const CHANNEL = 'logins';
const RECHECK_MILLISECONDS = 2000;

const endedLogins = z.object({ ended: z.array(z.string()) });

/** An open connection, and whom to tell. */
interface Watcher extends Entry {
  readonly onEnded: () => void;
}

/**
 * Tells open connections that their login has ended: at once by a bus message, and for messages that
 * got lost by asking the database about all watched logins every two seconds, in one statement. The same question
 * finds those whose token was signed with a key that was revoked since.
 */
@Injectable()
export class LoginWatch implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(LoginWatch.name);
  private readonly watchers = new Map<string, Set<Watcher>>();
  private subscription: BusSubscription | undefined;
  private unlisten: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private checking: Promise<void> | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly standing: StandingRepository,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.subscription = this.bus.subscribe(CHANNEL, (message) => this.hear(message));
    this.unlisten = this.bus.onDoubt(() => void this.recheck());
  }

  onApplicationShutdown(): void {
    this.subscription?.close();
    this.unlisten?.();
    clearInterval(this.timer);
    this.watchers.clear();
  }

  /**
   * Calls `onEnded` once when the actor's login has ended, its principal or its membership is not active
   * any more: within a second, or three where the bus is away; and within three when its signing key was revoked.
   * @returns ends the watch; harmless to call twice
   */
  watch(actor: Actor, onEnded: () => void): () => void {
    const { loginId, signingKeyId } = actor;
    if (loginId === null) return () => undefined;
    // An object of its own, so that the same function given twice is two watches.
    const watcher = { loginId, signingKeyId, onEnded };
    const watchers = this.watchers.get(loginId) ?? new Set();
    this.watchers.set(loginId, watchers.add(watcher));
    this.timer ??= setInterval(() => void this.recheck(), RECHECK_MILLISECONDS).unref();
    return () => this.forget(watcher);
  }

  /** Says on every node that these logins are over. Called after it was stored. */
  announce(loginIds: readonly string[]): void {
    if (loginIds.length > 0) this.bus.publish(CHANNEL, { wake: this.clock.millis(), body: { ended: loginIds } });
  }

  /** Asks the database about every open connection. While it is away connections stay: it will be asked again. */
  recheck(): Promise<void> {
    this.checking ??= this.check()
      .catch((error: unknown) => this.logger.warn({ msg: 'could not look after open logins', err: error }))
      .finally(() => {
        this.checking = undefined;
      });
    return this.checking;
  }

  private hear(message: BusMessage): void {
    const told = endedLogins.safeParse(message.body);
    // A bus that carries numbers only says no more than: look.
    if (told.success) this.end(told.data.ended);
    else void this.recheck();
  }

  private async check(): Promise<void> {
    const watched = [...this.watchers.values()].flatMap((watchers) => [...watchers]);
    if (watched.length === 0) return;
    // One question for all the connections that came in by the same login and key.
    const entries = new Map(watched.map((watcher) => [nameOf(watcher), watcher]));
    const standing = await this.standing.standing(INSTALLATION, [...entries.values()], this.clock.now());
    const names = new Set([...standing].map(nameOf));
    for (const watcher of watched) {
      // Who has left or been told meanwhile is nobody to tell.
      if (!names.has(nameOf(watcher)) && this.forget(watcher)) this.tell(watcher);
    }
  }

  private end(loginIds: readonly string[]): void {
    for (const loginId of loginIds) {
      const watchers = this.watchers.get(loginId);
      this.watchers.delete(loginId);
      for (const watcher of watchers ?? []) this.tell(watcher);
    }
    this.restIfIdle();
  }

  private tell({ onEnded }: Watcher): void {
    try {
      onEnded();
    } catch (error) {
      this.logger.error({ msg: 'a connection could not be closed', err: error });
    }
  }

  /** @returns whether it was still watched */
  private forget(watcher: Watcher): boolean {
    const watchers = this.watchers.get(watcher.loginId);
    const known = watchers?.delete(watcher) ?? false;
    if (watchers?.size === 0) this.watchers.delete(watcher.loginId);
    this.restIfIdle();
    return known;
  }

  private restIfIdle(): void {
    if (this.watchers.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

function nameOf({ loginId, signingKeyId }: Entry): string {
  return `${loginId} ${signingKeyId ?? ''}`;
}
