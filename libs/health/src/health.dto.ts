import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';

/** One thing that the node depends on. */
export class CheckDto {
  /** `up`; `degraded`: it does without, or with less, and loses nothing; `down`: what needs it fails. */
  status!: 'up' | 'degraded' | 'down';

  /**
   * Why, without addresses or secrets.
   * @example "not configured"
   */
  reason?: string;
}

/** Whether the process turns. */
export class LiveDto {
  status!: 'ok';

  /**
   * ISO 8601, UTC.
   * @example "2026-11-21T09:30:00.000Z"
   */
  timestamp!: string;
}

/** How the node is. */
@ApiExtraModels(CheckDto)
export class HealthDto {
  /** `error` where something critical is down; then the HTTP status is 503. */
  status!: 'ok' | 'degraded' | 'error';

  /**
   * ISO 8601, UTC.
   * @example "2026-11-21T09:30:00.000Z"
   */
  timestamp!: string;

  /**
   * Set where the node leaves: it ends what runs and takes nothing new.
   * @example true
   */
  draining?: boolean;

  /**
   * By name: `database`, `migrations`, `redis`, `storage`, `models` (also `llm`), `memory`, `disk`, `event_loop`.
   * @example {"database": {"status": "up"}, "redis": {"status": "up", "reason": "not configured"}}
   */
  @ApiProperty({ type: 'object', additionalProperties: { $ref: getSchemaPath(CheckDto) } })
  checks!: Record<string, CheckDto>;
}
