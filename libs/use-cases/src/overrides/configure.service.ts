import { Injectable } from '@nestjs/common';
import type { Actor } from '@parley/auth';
import { type FieldError, platformErrors } from '@parley/platform/errors';
import { Components } from '../components/component.js';
import { pointerOf } from '../pointer.js';
import { refuse } from '../refuse.js';
import { EMPTY_OVERLAY, type Overlay, overlay } from '../settings/overlay.js';
import { resolveSession } from '../settings/resolve.js';
import { UseCaseCatalogue } from '../use-case-catalogue.service.js';
import type { StoredOverride } from './overrides.repository.js';
import { UseCaseOverrides } from './overrides.service.js';

/** What an organisation changes about a use case while the program runs (layer 3). */
@Injectable()
export class UseCaseConfiguration {
  constructor(
    private readonly catalogue: UseCaseCatalogue,
    private readonly overrides: UseCaseOverrides,
    private readonly components: Components,
  ) {}

  /**
   * Replaces the override of the actor's organisation; the caller has asked for `use_case:configure`.
   * @param input `settings, bounds, locked[], enabled`, each optional
   * @param expected the version it was decided on; undefined: whatever is there
   * @throws NOT_FOUND, PRECONDITION_FAILED, or what is wrong with the override: bounds only narrow
   */
  async replace(actor: Actor, name: string, input: unknown, expected?: number): Promise<StoredOverride> {
    const useCase = this.catalogue.find(name);
    if (useCase === undefined) throw platformErrors.NOT_FOUND();
    const layer = parseOverlay(input);
    const { settings, findings } = useCase.settings.over(layer);
    refuse(findings);
    const listed = useCase.components.map((component) => this.components.get(component));
    refuse(resolveSession(settings, listed, []).findings);
    return this.overrides.replace(actor, name, layer, expected);
  }

  /** Takes the override away: the deployment's settings hold again. The row stays, so that versions only grow. */
  async reset(actor: Actor, name: string, expected?: number): Promise<void> {
    if (this.catalogue.find(name) === undefined) throw platformErrors.NOT_FOUND();
    if (this.overrides.find(actor.orgId, name) === undefined) return;
    await this.overrides.replace(actor, name, EMPTY_OVERLAY, expected);
  }
}

function parseOverlay(input: unknown): Overlay {
  const parsed = overlay.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message, code }): FieldError => {
    const unknown = code === 'unrecognized_keys';
    return { pointer: pointerOf(path), code: unknown ? 'UNKNOWN_KEY' : 'INVALID_TYPE', detail: message };
  });
  throw platformErrors.VALIDATION_FAILED({ errors });
}
