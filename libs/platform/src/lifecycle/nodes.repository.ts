import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { type Acting, Database } from '../database/index.js';
import type { NodeId, NodeRole } from './node-id.js';

/** A node that was seen a moment ago. */
export interface LiveNode {
  readonly id: string;
  readonly role: NodeRole;
  readonly version: string;
  readonly startedAt: Date;
}

@Injectable()
export class NodesRepository {
  constructor(private readonly database: Database) {}

  /**
   * Says that `node` lives, forgets those that have been silent for long, and lists those that live,
   * oldest first. Like leases, this goes by the clock that all nodes share: the database's.
   */
  async beat(actor: Acting, node: NodeId, aliveSeconds: number, forgetSeconds: number): Promise<LiveNode[]> {
    const { value: id, role, version, startedAt } = node;
    const work = sql<LiveNode>`
      with me as (
        insert into nodes (id, role, version, started_at, seen_at)
        values (${id}, ${role}, ${version}, ${startedAt}, now())
        on conflict (id) do update set seen_at = now()
      ), silent as (
        delete from nodes where seen_at < now() - make_interval(secs => ${forgetSeconds}) and id <> ${id}
      )
      select id, role, version, started_at as "startedAt" from nodes
      where id <> ${id} and seen_at > now() - make_interval(secs => ${aliveSeconds})
      union all select ${id}, ${role}, ${version}, ${startedAt}::timestamptz
      order by "startedAt", id`;
    const { rows } = await this.database.as(actor, (db) => work.execute(db), { unsynced: true });
    return rows;
  }

  async remove(actor: Acting, id: string): Promise<void> {
    await this.database.as(actor, (db) => db.deleteFrom('nodes').where('id', '=', id).execute());
  }
}
