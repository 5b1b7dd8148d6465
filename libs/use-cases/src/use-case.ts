import type { ComponentName, Declaration, Example } from './declaration/declaration.js';
import type { EffectiveSettings } from './settings/effective-settings.js';

/** A use case that passed every check and runs. */
export interface UseCase extends Omit<Declaration, 'settings' | 'context' | 'examples' | 'required' | 'lineOf'> {
  /** The answering component included. */
  readonly required: ReadonlySet<ComponentName>;
  /** Defaults and bounds after the declaration and the deployment's file (layers 1 and 2). */
  readonly settings: EffectiveSettings;
  readonly examples: readonly Example[];
}
