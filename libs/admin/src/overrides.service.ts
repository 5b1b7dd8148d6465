import { Injectable, Logger } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import {
  type CursorBinding,
  CursorCodec,
  type ExpectedVersions,
  expectVersion,
  type Page,
} from '@parley/platform/http';
import { type OverrideOf, UseCaseConfiguration } from '@parley/use-cases';
import { z } from 'zod';
import type { OverrideDto, OverrideInputDto } from './overrides.dto.js';

export interface Listing {
  readonly limit: number;
  readonly cursor?: string;
  readonly order?: 'asc' | 'desc';
}

const readName = (position: unknown): string => z.string().parse(position);

/** Overrides of use cases as administrators see and change them; each change leaves a line for the audit. */
@Injectable()
export class OverridesService {
  private readonly logger = new Logger(OverridesService.name);

  constructor(
    private readonly configuration: UseCaseConfiguration,
    private readonly cursors: CursorCodec,
  ) {}

  /**
   * Every use case with its override, in the order of the catalogue or against it.
   * @throws INVALID_CURSOR
   */
  async list(actor: Actor, { limit, cursor, order = 'asc' }: Listing): Promise<Page<OverrideDto>> {
    const { orgId, principalId } = actor;
    const binding: CursorBinding = { list: 'use_case_overrides', orgId, principalId, filters: { order } };
    const all = await this.configuration.list(actor);
    const ordered = order === 'asc' ? all : all.reverse();
    const last = cursor === undefined ? undefined : this.cursors.decode(cursor, binding, readName);
    const after = ordered.findIndex(({ name }) => name === last);
    const rows = ordered.slice(after + 1, after + 2 + limit).map(renderOverride);
    return this.cursors.page(rows, limit, ({ name }) => name, binding);
  }

  /** @throws NOT_FOUND */
  async get(actor: Actor, name: string): Promise<OverrideDto> {
    return renderOverride(await this.configuration.get(actor, name));
  }

  /**
   * Counts from the next run of the organisation, on every node.
   * @throws NOT_FOUND, PRECONDITION_REQUIRED, PRECONDITION_FAILED, or what is wrong with the override
   */
  async replace(
    actor: Actor,
    name: string,
    input: OverrideInputDto,
    expected: ExpectedVersions | undefined,
  ): Promise<OverrideDto> {
    const before = await this.configuration.get(actor, name);
    const after = await this.configuration.replace(actor, name, { ...input }, decidedOn(expected, before));
    this.tell(before, after);
    return renderOverride(after);
  }

  /** @throws NOT_FOUND, PRECONDITION_REQUIRED, PRECONDITION_FAILED */
  async reset(actor: Actor, name: string, expected: ExpectedVersions | undefined): Promise<void> {
    const before = await this.configuration.get(actor, name);
    await this.configuration.reset(actor, name, decidedOn(expected, before));
    this.tell(before, await this.configuration.get(actor, name));
  }

  /** Names and no values: instructions are somebody's words. Who did it is in every line of the request. */
  private tell(before: OverrideOf, after: OverrideOf): void {
    this.logger.log(
      {
        action: 'use_case.configured',
        resource_type: 'use_case',
        resource_id: after.name,
        outcome: 'success',
        changes: {
          version: { from: before.version, to: after.version },
          enabled: { from: before.enabled, to: after.enabled },
          settings: { from: Object.keys(before.settings), to: Object.keys(after.settings) },
          bounds: { from: Object.keys(before.bounds), to: Object.keys(after.bounds) },
          locked: { from: before.locked, to: after.locked },
        },
      },
      'the override of a use case was changed',
    );
  }
}

/** The version that has to be there still when it is written; undefined where the caller takes any. */
function decidedOn(expected: ExpectedVersions | undefined, { version }: OverrideOf): number | undefined {
  expectVersion(expected, version, true);
  return expected === 'any' ? undefined : version;
}

function renderOverride({ name, settings, bounds, locked, enabled, version, ...change }: OverrideOf): OverrideDto {
  return {
    name,
    settings,
    bounds,
    locked,
    enabled,
    version,
    updated_by: change.updatedBy,
    updated_at: change.updatedAt?.toISOString() ?? null,
  };
}
