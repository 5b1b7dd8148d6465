import { ApiProperty } from '@nestjs/swagger';

/** A process of this installation that was seen some seconds ago. */
export class NodeDto {
  /** @example "nod_01JD3W8Q5X7Y2Z4A6B8C0D1E2F" */
  node_id!: string;

  /** `api` answers clients, `worker` only works jobs and runs. */
  role!: 'api' | 'worker' | 'cli';

  /** @example "0.1.0" */
  version!: string;

  /**
   * ISO 8601, UTC.
   * @example "2026-11-21T09:30:00.000Z"
   */
  started_at!: string;
}

/** What is encrypted where it lies. */
export class AtRestDto {
  /** Where the key that wraps all others comes from. */
  wrapping_key!: 'file' | 'env';

  /**
   * Kinds of values that the program itself seals before it stores them.
   * @example ["signing keys"]
   */
  sealed!: string[];
}

/** What runs here. Everything after `version` is for holders of `system:read`. */
export class StatusDto {
  status!: 'ok' | 'degraded' | 'error';

  /**
   * Version of the program.
   * @example "0.1.0"
   */
  version!: string;

  /**
   * Revision of the sources, where it is known.
   * @example "168f52d3c1a04c9ab9ff0c4b3f7d2e5a6b8c9d01"
   */
  commit?: string | null;

  /**
   * Of the process that answers.
   * @example 3600
   */
  uptime_seconds?: number;

  /** `embedded`: the program runs its own PostgreSQL; `server`: it uses one. */
  mode?: 'embedded' | 'server';

  /** Oldest first. */
  nodes?: NodeDto[];

  /**
   * Of the whole installation. Above 100,000 an estimate of the database.
   * @example {"users": 12, "sessions": 340}
   */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' } })
  counts?: Record<string, number>;

  at_rest?: AtRestDto;
}
