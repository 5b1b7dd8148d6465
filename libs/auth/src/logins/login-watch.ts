import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus, type BusMessage, type BusSubscription } from '@parley/platform/bus';
import { Clock } from '@parley/platform/clock';
import { z } from 'zod';
import { type Actor, INSTALLATION } from '../access/actor.js';
import { StandingRepository } from '../access/standing.repository.js';

const CHANNEL = 'logins';
const RECHECK_MILLISECONDS = 2000;

const endedLogins = z.object({ ended: z.array(z.string()) });

/**
 * Tells open connections that their login has ended: at once by a bus message, and for messages that
 * got lost by asking the database about all watched logins every two seconds, in one statement.
 */
@Injectable()
export class LoginWatch implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(LoginWatch.name);
  private readonly watchers = new Map<string, Set<() => void>>();
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
   * any more: within a second, or three where the bus is away.
   * @returns ends the watch; harmless to call twice
   */
  watch(actor: Actor, onEnded: () => void): () => void {
    const { loginId } = actor;
    if (loginId === null) return () => undefined;
    // Wrapped, so that the same function given twice is two watches.
    const watcher = () => onEnded();
    const watchers = this.watchers.get(loginId) ?? new Set();
    this.watchers.set(loginId, watchers.add(watcher));
    this.timer ??= setInterval(() => void this.recheck(), RECHECK_MILLISECONDS).unref();
    return () => this.forget(loginId, watcher);
  }

  /** Says on every node that these logins are over. Called after it was stored. */
  announce(loginIds: readonly string[]): void {
    if (loginIds.length > 0) this.bus.publish(CHANNEL, { wake: this.clock.millis(), body: { ended: loginIds } });
  }

  /** Asks the database about every watched login. While it is away connections stay: it will be asked again. */
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
    const watched = [...this.watchers.keys()];
    if (watched.length === 0) return;
    const standing = await this.standing.standing(INSTALLATION, watched, this.clock.now());
    this.end(watched.filter((loginId) => !standing.has(loginId)));
  }

  private end(loginIds: readonly string[]): void {
    for (const loginId of loginIds) {
      const watchers = this.watchers.get(loginId);
      this.watchers.delete(loginId);
      for (const watcher of watchers ?? []) this.tell(watcher);
    }
    this.restIfIdle();
  }

  private tell(watcher: () => void): void {
    try {
      watcher();
    } catch (error) {
      this.logger.error({ msg: 'a connection could not be closed', err: error });
    }
  }

  private forget(loginId: string, watcher: () => void): void {
    const watchers = this.watchers.get(loginId);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.watchers.delete(loginId);
    this.restIfIdle();
  }

  private restIfIdle(): void {
    if (this.watchers.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
