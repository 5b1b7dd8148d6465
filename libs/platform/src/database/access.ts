import pg from 'pg';
import type { EmbeddedCluster } from './embedded/embedded-cluster.js';
import { type ConnectionTarget, clientConfig, createPool } from './pool.js';

export interface AccessParts {
  /** The role of the application. */
  readonly app: ConnectionTarget;
  /** The schema's owner. */
  readonly owner: ConnectionTarget;
  /** Null on a server. */
  readonly cluster: EmbeddedCluster | null;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** Told when an idle connection breaks. */
  readonly onIdleError: (error: Error) => void;
}

/**
 * The ways into the database: pools and single connections of the application's role, and the owner for
 * migrations only.
 */
export class DatabaseAccess {
  private readonly pools: pg.Pool[] = [];
  private closed: Promise<void> | undefined;

  constructor(private readonly parts: AccessParts) {}

  get mode(): 'embedded' | 'server' {
    return this.parts.cluster === null ? 'server' : 'embedded';
  }

  /** Where the data lie: a folder, or host, port and database of the server. Holds no secret. */
  get location(): string {
    if (this.parts.cluster !== null) return this.parts.cluster.home;
    const { host, port, database } = this.makeClient('parley');
    return `${host}:${port}/${database ?? ''}`;
  }

  /** What the operator should be told at the start about where the data lie. */
  get notices(): readonly string[] {
    return this.parts.cluster?.notices ?? [];
  }

  /** The schema's owner. For migrations and for the schemas of packages, never for the work itself. */
  get owner(): ConnectionTarget {
    return this.parts.owner;
  }

  /** Name of the application's database role. */
  get appRole(): string {
    return this.makeClient('parley').user ?? '';
  }

  /** Whether the application itself owns the schema (one URL for both): then the second wall is not there. */
  get oneRole(): boolean {
    return new pg.Client(clientConfig(this.parts.owner, this.options('parley'))).user === this.appRole;
  }

  /**
   * A pool of the application's role; ended with the application.
   * @param max connections at most.
   */
  openPool(max: number, applicationName: string): pg.Pool {
    const pool = createPool(this.parts.app, {
      ...this.options(applicationName),
      max,
      statementTimeoutMs: this.parts.statementTimeoutMs,
      onError: this.parts.onIdleError,
    });
    this.pools.push(pool);
    return pool;
  }

  /** A single connection of the application's role, not yet connected; its maker ends it. */
  makeClient(applicationName: string): pg.Client {
    return new pg.Client(clientConfig(this.parts.app, this.options(applicationName)));
  }

  /** Ends all pools, then leaves the embedded server, which the last one stops. Repeatable. */
  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  private async end(): Promise<void> {
    await Promise.all(this.pools.filter(({ ended }) => !ended).map((pool) => pool.end()));
    await this.parts.cluster?.close();
  }

  private options(applicationName: string): { applicationName: string; connectTimeoutMs: number } {
    return { applicationName, connectTimeoutMs: this.parts.connectTimeoutMs };
  }
}
