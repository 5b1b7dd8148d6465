import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import { APP_POOL } from './database.js';
import { readServerFacts, type ServerFacts } from './server-requirements.js';

export interface ServerReport extends ServerFacts {
  /** As the server says it, e.g. `15.18`. */
  readonly versionText: string;
  /** A statement that does nothing, there and back, in milliseconds. */
  readonly roundTripMs: number;
  /** Whether this connection is encrypted; a local socket is not and need not be. */
  readonly encrypted: boolean;
  readonly maxConnections: number;
  /** Connections of all clients, this one too. */
  readonly connections: number;
  /** The server's clock minus the clock of this machine, in milliseconds. */
  readonly clockSkewMs: number;
}

interface ServerRow {
  version: string;
  encrypted: boolean;
  limit: number;
  connections: number;
  at: Date;
}

/** What an operator may want to know about the database server. */
@Injectable()
export class ServerInspector {
  constructor(@Inject(APP_POOL) private readonly pool: pg.Pool) {}

  async read(): Promise<ServerReport> {
    const facts = await readServerFacts(this.pool);
    const begun = performance.now();
    await this.pool.query('select');
    const roundTripMs = performance.now() - begun;
    const asked = Date.now();
    const { rows } = await this.pool.query<ServerRow>(
      `select split_part(current_setting('server_version'), ' ', 1) as version,
         coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as encrypted,
         current_setting('max_connections')::int as limit, clock_timestamp() as at,
         (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections`,
    );
    const answered = Date.now();
    const row = rows[0];
    if (row === undefined) throw new Error('the server says nothing of itself');
    return {
      ...facts,
      versionText: row.version,
      roundTripMs,
      encrypted: row.encrypted,
      maxConnections: row.limit,
      connections: row.connections,
      clockSkewMs: Math.round(row.at.getTime() - (asked + answered) / 2),
    };
  }
}
