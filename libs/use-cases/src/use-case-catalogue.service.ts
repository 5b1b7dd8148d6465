import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { CONFIG, type Config } from '@parley/platform/config';
import { platformErrors } from '@parley/platform/errors';
import { type CursorBinding, CursorCodec, type Page } from '@parley/platform/http';
import { z } from 'zod';
import { Components } from './components/component.js';
import type { StoredOverride } from './overrides/overrides.repository.js';
import { UseCaseOverrides } from './overrides/use-case-overrides.service.js';
import type { EffectiveSettings, SettingAdjustment } from './settings/effective-settings.js';
import { readStoredOverlay } from './settings/overlay.js';
import { contextSchema, settingsSchema } from './settings/settings-schema.js';
import { runLimits } from './turn/run-limits.js';
import type { UseCase } from './use-case.js';
import type { UseCaseDetailDto, UseCaseDto } from './use-cases.dto.js';

/** The use cases of this program and deployment, by name, in the order in which they are listed. */
export const USE_CASES = Symbol('USE_CASES');

/** A use case as it is for one organisation: after layers 1–3. */
export interface OfferedUseCase {
  readonly useCase: UseCase;
  readonly settings: EffectiveSettings;
  /** Values of the override that a later bound of the deployment moved. */
  readonly adjusted: readonly SettingAdjustment[];
}

export interface Listing {
  readonly limit: number;
  readonly cursor?: string;
  readonly order?: 'asc' | 'desc';
}

const readName = (position: unknown): string => z.string().parse(position);

@Injectable()
export class UseCaseCatalogue {
  private readonly plain = new Map<string, OfferedUseCase>();
  private readonly overridden = new WeakMap<StoredOverride, OfferedUseCase>();

  constructor(
    @Inject(USE_CASES) private readonly useCases: ReadonlyMap<string, UseCase>,
    private readonly overrides: UseCaseOverrides,
    private readonly components: Components,
    private readonly cursors: CursorCodec,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    for (const [name, useCase] of useCases) {
      this.plain.set(name, { useCase, settings: useCase.settings, adjusted: [] });
    }
  }

  /**
   * A page of them, those switched off included, in the order of the catalogue or against it.
   * @throws INVALID_CURSOR
   */
  list(actor: Actor, { limit, cursor, order = 'asc' }: Listing): Page<UseCaseDto> {
    const binding: CursorBinding = {
      list: 'use_cases',
      orgId: actor.orgId,
      principalId: actor.principalId,
      filters: { order },
    };
    const names = order === 'asc' ? [...this.useCases.keys()] : [...this.useCases.keys()].reverse();
    const after = cursor === undefined ? -1 : names.indexOf(this.cursors.decode(cursor, binding, readName));
    const rows = names.slice(after + 1, after + 2 + limit).flatMap((name) => {
      const offered = this.offer(actor, name);
      return offered === undefined ? [] : this.render(offered);
    });
    return this.cursors.page(rows, limit, ({ name }) => name, binding);
  }

  /** @throws NOT_FOUND */
  get(actor: Actor, name: string): UseCaseDetailDto {
    const offered = this.offer(actor, name);
    if (offered === undefined) throw platformErrors.NOT_FOUND();
    const { prompts, examples, limits, answers } = offered.useCase;
    return {
      ...this.render(offered),
      context_schema: contextSchema(offered.settings),
      prompts,
      examples: examples.map(({ settings, ...example }) =>
        settings === undefined ? example : { ...example, settings },
      ),
      limits: runLimits(limits, answers, this.config.runs.wall_clock_seconds),
    };
  }

  /** All of them, in the order in which they are listed. */
  names(): string[] {
    return [...this.useCases.keys()];
  }

  /** The use case itself, whoever asks; undefined where there is none of that name. */
  find(name: string): UseCase | undefined {
    return this.useCases.get(name);
  }

  /** The use case with the defaults and bounds of the actor's organisation. Reads nothing from outside. */
  offer(actor: Actor, name: string): OfferedUseCase | undefined {
    const plain = this.plain.get(name);
    const override = plain === undefined ? undefined : this.overrides.find(actor.orgId, name);
    if (plain === undefined || override === undefined) return plain;
    const known = this.overridden.get(override);
    if (known !== undefined) return known;
    const { settings, adjusted } = plain.settings.over(readStoredOverlay(override));
    const offered = { useCase: plain.useCase, settings, adjusted };
    this.overridden.set(override, offered);
    return offered;
  }

  private render({ useCase, settings }: OfferedUseCase): UseCaseDto {
    const capabilities = new Set(useCase.components.flatMap((name) => this.components.get(name).capabilities));
    return {
      name: useCase.id,
      title: useCase.title,
      category: useCase.category,
      description: useCase.description,
      version: useCase.version,
      components: useCase.components,
      settings_schema: settingsSchema(settings),
      capabilities: [...capabilities],
      enabled: settings.enabled,
    };
  }
}
