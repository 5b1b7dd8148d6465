import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { DatabaseStartError } from '../database-start.error.js';
import type { ConnectionTarget } from '../pool.js';
import { initialiseOnce } from './initialise.js';
import { choosePlace } from './place.js';
import { prepareBinaries } from './postgres-binaries.js';
import { connectOrStart, type ServerPlan, stopServer } from './postmaster.js';
import { enter, leave, type Presence } from './presence.js';
import { ensureDatabase, ensureRoles } from './roles.js';
import { type ClusterSecrets, readOrMakeSecrets } from './secrets.js';
import { serverSettings } from './server-settings.js';

const DATABASE = 'parley';
const LONGEST_PAUSE_MS = 10_000;

export interface ClusterOptions {
  /** Where clusters lie that their server could not reach in the data directory. */
  readonly elsewhere?: string | undefined;
  /** Called whenever a process has been started and is waited for. */
  readonly meanwhile?: (() => void) | undefined;
}

/**
 * The PostgreSQL that the program brings along, in one data directory: started by whoever needs it first,
 * shared by all processes there, restarted when it dies, stopped by the last that leaves.
 */
export class EmbeddedCluster {
  private readonly logger = new Logger(EmbeddedCluster.name);
  private closing = false;
  private recovery: Promise<void> | undefined;

  private constructor(
    private readonly plan: ServerPlan,
    private readonly secrets: ClusterSecrets,
    private readonly presence: Presence,
    private anchor: pg.Client,
    /** What the operator should know about where it lies. */
    readonly notices: readonly string[],
  ) {
    this.watch(anchor);
  }

  /**
   * @param presence `serve`: one process at a time in a data directory; `join`: as many as like.
   * @throws DatabaseStartError when another process serves there, or the database cannot run.
   */
  static async open(
    dataDir: string,
    presence: Presence,
    { elsewhere, meanwhile }: ClusterOptions = {},
  ): Promise<EmbeddedCluster> {
    const place = await choosePlace(dataDir, elsewhere);
    const binaries = await prepareBinaries(place.home, place.identity);
    const secrets = await readOrMakeSecrets(place.home);
    const plan: ServerPlan = {
      ...place,
      binaries,
      port: 5432,
      settings: serverSettings,
      superuserPassword: secrets.postgres,
      meanwhile,
    };
    await initialiseOnce(plan);
    const notices = [...place.notices];
    if (binaries.copiedTo !== undefined)
      notices.push(`The programs of PostgreSQL were copied to ${binaries.copiedTo}.`);
    return new EmbeddedCluster(plan, secrets, presence, await enterCluster(plan, secrets, presence), notices);
  }

  /** Folder of the cluster. */
  get home(): string {
    return this.plan.home;
  }

  target(role: 'parley_owner' | 'parley_app'): ConnectionTarget {
    return { host: this.plan.socketDirectory, user: role, password: this.secrets[role], database: DATABASE };
  }

  /** Leaves; the last one to leave stops the server. Pools of this process must be ended before. */
  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    await this.recovery;
    if (await leave(this.anchor)) await stopServer(this.plan.home);
    await this.anchor
      .end()
      .catch((error: unknown) => this.logger.debug({ msg: 'the last connection was gone', err: error }));
  }

  /** The anchor breaks when the server dies; then it is started again, as often as it takes. */
  private watch(anchor: pg.Client): void {
    anchor.on('error', (error) => {
      if (!this.closing) this.logger.debug({ msg: 'the anchor connection failed', err: error });
    });
    anchor.once('end', () => {
      if (this.closing) return;
      this.recovery = this.recover();
    });
  }

  private async recover(): Promise<void> {
    this.logger.warn('The embedded database went away; starting it again.');
    for (let pause = 100; !this.closing; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        this.anchor = await enterCluster(this.plan, this.secrets, this.presence);
        this.watch(this.anchor);
        this.logger.log('The embedded database is back.');
        return;
      } catch (error) {
        this.logger.error({ msg: 'the embedded database cannot be started again, trying on', err: error });
        await sleep(pause, undefined, { ref: false });
      }
    }
  }
}

/**
 * Connects, takes the place of this process and makes roles and database. Tries again where the server is just leaving.
 */
async function enterCluster(plan: ServerPlan, secrets: ClusterSecrets, presence: Presence): Promise<pg.Client> {
  for (let tries = 1; ; tries += 1) {
    const anchor = await connectOrStart(plan);
    try {
      await enter(anchor, presence, plan.home);
      await ensureRoles(anchor, secrets);
      await ensureDatabase(anchor, DATABASE);
      return anchor;
    } catch (error) {
      await anchor.end().catch(() => undefined);
      if (error instanceof DatabaseStartError || tries === 10) throw error;
    }
  }
}
