import type { FieldError } from '@parley/platform/errors';
import type { z } from 'zod';
import type { ComponentName } from '../declaration/declaration.js';
import type { FrozenSettings } from '../settings/frozen.js';
import type { Turn } from '../turn/turn.js';
import type { SummaryRule } from '../turn/turn.types.js';

/** What a component adds to its entry in `component_results`. */
export interface Report {
  /** Some parts of the work failed and are listed. */
  readonly status?: 'ok' | 'partial';
  /** Counts and settings worth knowing. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** The fields of the component's own section. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** A message before it is accepted. */
export interface Incoming {
  readonly content: string;
  readonly attachments: readonly { readonly media_id: string }[];
}

/** A rule that spans settings, broken by the merged result. */
export interface BrokenRule {
  /** Path of the setting at fault. */
  readonly path: string;
  readonly code: 'SETTING_REQUIRED' | 'SETTINGS_CONFLICT';
  readonly detail: string;
  /** Paths of all settings that the rule is about. */
  readonly about: readonly string[];
}

/**
 * One layer of the onion. A component keeps nothing between turns; what it shares goes through the
 * `Turn`. Hooks that are absent cost nothing.
 */
export interface Component {
  readonly name: ComponentName;
  /** Its settings, under its short name; each with a default, bounds and a description. */
  readonly settings: z.ZodObject;
  /** What a use case gains by listing it. */
  readonly capabilities: readonly string[];
  /** Whether messages may have attachments where it is listed. */
  readonly takesMedia: boolean;
  /** Rules over several settings, checked on every merged result. */
  rules?(settings: FrozenSettings): readonly BrokenRule[];
  /** What is wrong with a message, before anything is stored. */
  accept?(message: Incoming, settings: FrozenSettings): readonly FieldError[];
  /** How many earlier messages it wants to see. */
  historyLimit?(settings: FrozenSettings): number;
  /** What is kept of messages that are older than those; null: nothing. */
  summary?(settings: FrozenSettings): SummaryRule | null;
  /** Most milliseconds that `enter` may take. */
  enterMs?(settings: FrozenSettings): number;
  /** Why there is nothing to do in this turn; the component is then `skipped` and emits no event. */
  idle?(turn: Turn): string | null;
  /** On the way in: adds to the turn, or throws `StopTurn`. Never writes the answer. */
  enter?(turn: Turn, signal: AbortSignal): Promise<Report>;
  /** In the middle: calls models and says one or more messages. Leaves no work running. */
  answer?(turn: Turn): Promise<Report>;
  /** On the way out, before the run's last transaction: reads the answer, adds rows to it, flags it. */
  leave?(turn: Turn, signal: AbortSignal): Promise<Report>;
}

/** The components of this program by name. */
export class Components {
  private readonly byName: ReadonlyMap<ComponentName, Component>;

  constructor(components: readonly Component[]) {
    this.byName = new Map(components.map((component) => [component.name, component]));
  }

  find(name: ComponentName): Component | undefined {
    return this.byName.get(name);
  }

  /** @throws Error for a component that the start of the program would have refused */
  get(name: ComponentName): Component {
    const component = this.byName.get(name);
    if (component === undefined) throw new Error(`the component ${name} is not part of this program`);
    return component;
  }
}
