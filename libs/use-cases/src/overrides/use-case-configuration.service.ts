import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { type FieldError, platformErrors, toPointer } from '@parley/platform/errors';
import { Components } from '../components/component.js';
import { refuse } from '../refuse.js';
import { EMPTY_OVERLAY, type Overlay, overlay, readStoredOverlay } from '../settings/overlay.js';
import { resolveSession } from '../settings/resolve.js';
import { UseCaseCatalogue } from '../use-case-catalogue.service.js';
import type { StoredOverride } from './overrides.repository.js';
import { UseCaseOverrides } from './use-case-overrides.service.js';

/** An override, or that there is none: then its version is 0. */
export interface OverrideOf extends Overlay {
  readonly name: string;
  readonly version: number;
  readonly updatedBy: string | null;
  readonly updatedAt: Date | null;
}

const NONE = { ...EMPTY_OVERLAY, version: 0, updatedBy: null, updatedAt: null };

/** What an organisation changes about a use case while the program runs (layer 3). */
@Injectable()
export class UseCaseConfiguration {
  constructor(
    private readonly catalogue: UseCaseCatalogue,
    private readonly overrides: UseCaseOverrides,
    private readonly components: Components,
  ) {}

  /**
   * Overrides of the actor's organisation by use case, in the order of the catalogue; version 0 where there is none.
   */
  async list(actor: Actor): Promise<OverrideOf[]> {
    const stored = new Map((await this.overrides.readOwn(actor)).map((override) => [override.name, override]));
    return this.catalogue.names().map((name) => overrideOf(name, stored.get(name)));
  }

  /** @throws NOT_FOUND for a use case that there is not */
  async get(actor: Actor, name: string): Promise<OverrideOf> {
    const found = (await this.list(actor)).find((override) => override.name === name);
    if (found === undefined) throw platformErrors.NOT_FOUND();
    return found;
  }

  /**
   * Replaces the override of the actor's organisation; the caller has asked for `use_case:configure`.
   * @param input `settings, bounds, locked[], enabled`, each optional
   * @param expected the version it was decided on, 0 for none yet; undefined: whatever is there
   * @throws NOT_FOUND, PRECONDITION_FAILED, or what is wrong with the override: bounds only narrow
   */
  async replace(actor: Actor, name: string, input: unknown, expected?: number): Promise<OverrideOf> {
    const useCase = this.catalogue.find(name);
    if (useCase === undefined) throw platformErrors.NOT_FOUND();
    const layer = parseOverlay(input);
    const { settings, findings } = useCase.settings.over(layer);
    refuse(findings);
    const listed = useCase.components.map((component) => this.components.get(component));
    refuse(resolveSession(settings, listed, []).findings);
    return overrideOf(name, await this.overrides.replace(actor, name, layer, expected));
  }

  /** Takes the override away: the deployment's settings hold again. The row stays, so that versions only grow. */
  async reset(actor: Actor, name: string, expected?: number): Promise<void> {
    const { version } = await this.get(actor, name);
    if (version === 0 && (expected ?? 0) === 0) return;
    await this.overrides.replace(actor, name, EMPTY_OVERLAY, expected);
  }
}

function overrideOf(name: string, stored: StoredOverride | undefined): OverrideOf {
  if (stored === undefined) return { name, ...NONE };
  const { version, updatedBy, updatedAt } = stored;
  return { name, ...readStoredOverlay(stored), version, updatedBy, updatedAt };
}

function parseOverlay(input: unknown): Overlay {
  const parsed = overlay.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message, code }): FieldError => {
    const unknown = code === 'unrecognized_keys';
    return { pointer: toPointer(path), code: unknown ? 'UNKNOWN_KEY' : 'INVALID_TYPE', detail: message };
  });
  throw platformErrors.VALIDATION_FAILED({ errors });
}
