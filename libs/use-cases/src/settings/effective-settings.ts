import { escapePointer, type FieldError } from '@parley/platform/errors';
import { nearestValue } from './check-value.js';
import { type Narrowing, narrow, narrowing } from './narrow.js';
import type { Overlay } from './overlay.js';
import { checkDeclared, type Reading, type Setting, type SettingSpace } from './setting-space.js';
import type { ValueSchema } from './value-schema.js';

/** Why a stored value is not the one that a run uses. */
export interface SettingAdjustment {
  /** The name under which callers set it. */
  readonly setting: string;
  readonly reason: 'out_of_bounds' | 'fixed' | 'unknown' | 'conflict';
  /** What the run uses instead; absent for a setting that is not known any more. */
  readonly used?: unknown;
}

/** What laying one layer over the ones below gave. */
export interface Overlaid {
  readonly settings: EffectiveSettings;
  /** What is wrong with the layer, and was left out. Refuse it where it is being set. */
  readonly findings: readonly FieldError[];
  /** The same as a reader of a run is told, for a layer that was stored earlier. */
  readonly adjusted: readonly SettingAdjustment[];
}

/** Defaults, bounds and locks of one use case after some layers. Immutable: a further layer makes a new one. */
export class EffectiveSettings {
  private constructor(
    readonly space: SettingSpace,
    private readonly defaults: ReadonlyMap<string, unknown>,
    private readonly bounds: ReadonlyMap<string, ValueSchema>,
    private readonly locked: ReadonlySet<string>,
    readonly enabled: boolean,
  ) {}

  /** Layer 1: what the declaration says. */
  static of(space: SettingSpace): EffectiveSettings {
    const defaults = new Map<string, unknown>();
    for (const { path, schema } of space.settings.values()) defaults.set(path, schema.default ?? null);
    return new EffectiveSettings(space, defaults, new Map(), new Set(), true);
  }

  /** Path and value of every setting, in the order of the declaration. */
  values(): ReadonlyMap<string, unknown> {
    return this.defaults;
  }

  schemaOf(setting: Setting): ValueSchema {
    return this.bounds.get(setting.path) ?? setting.schema;
  }

  /** Whether sessions and messages cannot set it. */
  isFixed(setting: Setting): boolean {
    return setting.adminOnly || this.locked.has(setting.path);
  }

  /** Layer 4 by itself: what a session may store. */
  readSession(given: Readonly<Record<string, unknown>>): Reading[] {
    return this.space.read(given, {
      base: '/settings',
      context: false,
      schemaOf: (setting) => this.schemaOf(setting),
      refuse: (setting) => this.refuseFixed(setting),
    });
  }

  /** Layer 5 by itself: what one message may carry. */
  readContext(given: Readonly<Record<string, unknown>>): Reading[] {
    return this.space.read(given, {
      base: '/context',
      context: true,
      schemaOf: (setting) => this.schemaOf(setting),
      refuse: (setting) =>
        setting.perTurn || setting.adminOnly ? this.refuseFixed(setting) : notPerTurn(setting.name),
    });
  }

  /** Lays a deployment's file (layer 2) or an organisation's override (layer 3) over this. */
  over(layer: Overlay): Overlaid {
    const findings: FieldError[] = [];
    const bounds = new Map(this.bounds);
    for (const { setting, by, pointer } of this.narrowings(layer.bounds, findings)) {
      const schema = narrow(bounds.get(setting.path) ?? setting.schema, by);
      if (typeof schema === 'string') findings.push(outside(pointer, `${setting.name} ${schema}`));
      else bounds.set(setting.path, schema);
    }
    const schemaOf = (setting: Setting) => bounds.get(setting.path) ?? setting.schema;
    const readings = this.space.read(layer.settings, {
      base: '/settings',
      context: false,
      schemaOf,
      refuse: (setting) =>
        this.locked.has(setting.path) ? { code: 'ADMIN_ONLY', detail: `${setting.name} is fixed below` } : null,
    });
    findings.push(...readings.flatMap(({ finding }) => finding ?? []));
    const defaults = this.defaultsWithin(schemaOf);
    const { values, adjusted } = adjust(readings, schemaOf, defaults);
    for (const [path, value] of values) defaults.set(path, value);
    const locked = new Set([...this.locked, ...this.readLocked(layer.locked, findings)]);
    const enabled = this.enabled && layer.enabled;
    return { settings: new EffectiveSettings(this.space, defaults, bounds, locked, enabled), findings, adjusted };
  }

  private refuseFixed(setting: Setting): { code: string; detail: string } | null {
    return this.isFixed(setting) ? { code: 'ADMIN_ONLY', detail: `${setting.name} is fixed here` } : null;
  }

  /** A bound that moved past a value below moves that value too. */
  private defaultsWithin(schemaOf: (setting: Setting) => ValueSchema): Map<string, unknown> {
    const moved = new Map<string, unknown>();
    for (const [path, value] of this.defaults) {
      const setting = this.space.settings.get(path);
      const schema = setting === undefined ? undefined : schemaOf(setting);
      const fits = schema === undefined || setting === undefined || checkDeclared(setting, schema, value, '') === null;
      moved.set(path, fits ? value : (nearestValue(schema, value) ?? schema.enum?.[0] ?? value));
    }
    return moved;
  }

  private readLocked(names: readonly string[], findings: FieldError[]): string[] {
    return names.flatMap((name, index) => {
      const setting = this.space.find(name);
      if (setting !== undefined) return setting.path;
      findings.push(unknown(`/locked/${index}`, name));
      return [];
    });
  }

  /** Bounds by setting, whether written flat, with a dot, or nested under the component. */
  private *narrowings(bounds: Overlay['bounds'], findings: FieldError[]): Iterable<NarrowedSetting> {
    for (const [name, by] of Object.entries(bounds)) {
      const pointer = `/bounds/${escapePointer(name)}`;
      const whole = narrowing.safeParse(by);
      const setting = this.space.find(name);
      if (setting !== undefined && whole.success) yield { setting, by: whole.data, pointer };
      else if (setting !== undefined) findings.push(outside(pointer, `${name} has a bound that is not known`));
      else yield* this.nestedNarrowings(name, by, findings);
    }
  }

  private *nestedNarrowings(group: string, by: object, findings: FieldError[]): Iterable<NarrowedSetting> {
    for (const [member, value] of Object.entries(by)) {
      const pointer = `/bounds/${escapePointer(group)}/${escapePointer(member)}`;
      const setting = this.space.settings.get(`${group}.${member}`);
      const parsed = narrowing.safeParse(value);
      if (setting !== undefined && parsed.success) yield { setting, by: parsed.data, pointer };
      else findings.push(unknown(pointer, `${group}.${member}`));
    }
  }
}

interface NarrowedSetting {
  readonly setting: Setting;
  readonly by: Narrowing;
  readonly pointer: string;
}

/**
 * Values of a stored layer as a run uses them: what a later bound forbids goes to the nearest allowed
 * value, what is not known or not settable any more is left out; both are listed.
 * @param below what holds where this layer says nothing
 */
export function adjust(
  readings: readonly Reading[],
  schemaOf: (setting: Setting) => ValueSchema,
  below: ReadonlyMap<string, unknown>,
): { values: Map<string, unknown>; adjusted: SettingAdjustment[] } {
  const values = new Map<string, unknown>();
  const adjusted: SettingAdjustment[] = [];
  for (const { name, setting, value, finding } of readings) {
    if (setting === null) {
      if (finding !== null) adjusted.push({ setting: name, reason: 'unknown' });
    } else if (finding === null) {
      values.set(setting.path, value);
    } else {
      const near = isMovable(finding) ? nearest(setting, schemaOf(setting), value) : undefined;
      if (near !== undefined) values.set(setting.path, near);
      const reason = isMovable(finding) ? 'out_of_bounds' : 'fixed';
      adjusted.push({ setting: name, reason, used: near ?? below.get(setting.path) ?? null });
    }
  }
  return { values, adjusted };
}

function nearest(setting: Setting, schema: ValueSchema, value: unknown): unknown {
  const moved = nearestValue(schema, value);
  return moved !== undefined && setting.check(moved) === null ? moved : undefined;
}

function isMovable({ code }: FieldError): boolean {
  return code === 'OUT_OF_BOUNDS' || code === 'INVALID_TYPE';
}

function notPerTurn(name: string): { code: string; detail: string } {
  return { code: 'NOT_PER_TURN', detail: `${name} counts for the whole session` };
}

function outside(pointer: string, detail: string): FieldError {
  return { pointer, code: 'OUT_OF_BOUNDS', detail };
}

function unknown(pointer: string, name: string): FieldError {
  return { pointer, code: 'UNKNOWN_KEY', detail: `${name.slice(0, 64)} is no setting of this use case` };
}
