import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type Actor, INSTALLATION } from '@parley/auth';
import { Bus, type BusSubscription } from '@parley/platform/bus';
import { Clock } from '@parley/platform/clock';
import { platformErrors } from '@parley/platform/errors';
import type { Overlay } from '../settings/overlay.js';
import { OverridesRepository, type StoredOverride } from './overrides.repository.js';

const CHANNEL = 'use-cases';
/** A change is seen within this time even where the bus lost the word of it. */
const LOOK_EVERY_MS = 2000;

/**
 * Organisations' overrides (layer 3) in memory, because every turn needs them and none may wait for
 * them: the bus tells of changes, and a look at one number every two seconds stands behind it.
 */
@Injectable()
export class UseCaseOverrides implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(UseCaseOverrides.name);
  private byKey: ReadonlyMap<string, StoredOverride> = new Map();
  private stamp = -1;
  private looking: Promise<void> | undefined;
  private failing = false;
  private timer: NodeJS.Timeout | undefined;
  private subscription: BusSubscription | undefined;
  private endDoubt: (() => void) | undefined;

  constructor(
    private readonly repository: OverridesRepository,
    private readonly bus: Bus,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.subscription = this.bus.subscribe(CHANNEL, (_, origin) => {
      if (origin === 'remote') void this.look();
    });
    this.endDoubt = this.bus.onDoubt(() => void this.look());
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.timer.unref();
    await this.refresh();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.subscription?.close();
    this.endDoubt?.();
  }

  /** The same object until the override changes. */
  find(orgId: string, name: string): StoredOverride | undefined {
    return this.byKey.get(key(orgId, name));
  }

  /** Those of the actor's organisation from the database: what a change is decided on is never a moment old. */
  readOwn(actor: Actor): Promise<StoredOverride[]> {
    return this.repository.readOwn(actor);
  }

  /**
   * Replaces the override of the actor's organisation; it counts from the next run. The caller has
   * checked it against the use case.
   * @throws PRECONDITION_FAILED where `expected` is not the version that is there
   */
  async replace(actor: Actor, name: string, overlay: Overlay, expected?: number): Promise<StoredOverride> {
    const stored = await this.repository.replace(actor, name, overlay, this.clock.now(), expected);
    if (stored === undefined) throw platformErrors.PRECONDITION_FAILED();
    this.byKey = new Map(this.byKey).set(key(actor.orgId, name), stored);
    this.bus.publish(CHANNEL, { wake: this.clock.millis() });
    return stored;
  }

  /** Reads everything anew where something has changed. */
  async refresh(): Promise<void> {
    const stamp = await this.repository.stamp(INSTALLATION);
    if (stamp === this.stamp) return;
    const rows = await this.repository.readAll(INSTALLATION);
    // What has not changed stays the same object, as merged settings are remembered by it; what was
    // replaced here while these rows were on their way stays too.
    const fresh = rows.map((row) => {
      const known = this.find(row.orgId, row.name);
      return known !== undefined && known.version >= row.version ? known : row;
    });
    this.byKey = new Map(fresh.map((row) => [key(row.orgId, row.name), row]));
    this.stamp = stamp;
  }

  /** One look at a time; the database being away is told once and leaves what is known. */
  private look(): Promise<void> {
    this.looking ??= this.refresh()
      .then(() => {
        this.failing = false;
      })
      .catch((error: unknown) => {
        if (!this.failing) this.logger.warn({ msg: 'overrides of use cases cannot be read', err: error });
        this.failing = true;
      })
      .finally(() => {
        this.looking = undefined;
      });
    return this.looking;
  }
}

function key(orgId: string, name: string): string {
  return `${orgId}/${name}`;
}
