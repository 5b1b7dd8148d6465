import { ApiProperty } from '@nestjs/swagger';

/** A process of this installation that was seen some seconds ago. */
export class NodeDto {
  node_id!: string;

  /** `api` answers clients, `worker` only works jobs and runs. */
  role!: 'api' | 'worker' | 'cli';

  version!: string;

  /** ISO 8601, UTC. */
  started_at!: string;
}

/** What is encrypted where it lies. */
export class AtRestDto {
  /** Where the key that wraps all others comes from. */
  wrapping_key!: 'file' | 'env';

  /** Kinds of values that the program itself seals before it stores them. */
  sealed!: string[];
}

/** What runs here. Everything after `version` is for holders of `system:read`. */
export class StatusDto {
  status!: 'ok' | 'degraded' | 'error';

  /** Version of the program. */
  version!: string;

  /** Revision of the sources, where it is known. */
  commit?: string | null;

  /** Of the process that answers. */
  uptime_seconds?: number;

  /** `embedded`: the program runs its own PostgreSQL; `server`: it uses one. */
  mode?: 'embedded' | 'server';

  /** Oldest first. */
  nodes?: NodeDto[];

  /** Of the whole installation. Above 100,000 an estimate of the database. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' } })
  counts?: Record<string, number>;

  at_rest?: AtRestDto;
}
