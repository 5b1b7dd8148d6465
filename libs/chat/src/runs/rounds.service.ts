import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Admissions } from '../turns/admissions.service.js';
import { Dispatcher } from './dispatcher.service.js';
import { Remains } from './remains.service.js';
import { Sweeper } from './sweeper.service.js';

const ROUND_MS = 1000;
/** Rounds between two looks for remains. */
const SELDOM = 60;

/** Every second each node looks for work that others have left: lapsed runs, then messages that wait. */
@Injectable()
export class Rounds implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Rounds.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private count = 0;

  constructor(
    private readonly sweeper: Sweeper,
    private readonly dispatcher: Dispatcher,
    private readonly admissions: Admissions,
    private readonly remains: Remains,
  ) {}

  onApplicationBootstrap(): void {
    this.plan();
  }

  /** Before the database's pool ends: the round that is under way is waited for. */
  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.running;
  }

  private plan(): void {
    this.timer = setTimeout(() => {
      this.running = this.round().finally(() => {
        if (this.timer !== undefined) this.plan();
      });
    }, ROUND_MS);
  }

  private async round(): Promise<void> {
    this.count += 1;
    await this.step('sweep', () => this.sweeper.sweep());
    await this.step('dispatch', () => this.dispatcher.dispatchAll());
    await this.step('count', () => this.admissions.refresh());
    if (this.count % SELDOM === 0) await this.step('tidy', () => this.remains.remove());
  }

  private async step(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.warn({ err: error, step: what }, 'a round did not succeed; the next one will try again');
    }
  }
}
