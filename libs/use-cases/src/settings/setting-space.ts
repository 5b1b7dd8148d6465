import { escapePointer, type FieldError } from '@parley/platform/errors';
import type { z } from 'zod';
import { checkValue } from './check-value.js';
import { nearestName } from './nearest-name.js';
import { fromZod, isRecord, type ValueSchema } from './value-schema.js';

/** A value's shape, and what the shape cannot say: a sentence where the value is refused all the same. */
export interface DeclaredValue {
  readonly schema: ValueSchema;
  readonly check: (value: unknown) => string | null;
}

/** One setting as one use case knows it. */
export interface Setting extends DeclaredValue {
  /** `<component>.<member>` for a component's, the bare name for the use case's own. */
  readonly path: string;
  /** As callers write it: the flat name where the use case exposes one, else the path. */
  readonly name: string;
  /** A message's `context` may carry it. */
  readonly perTurn: boolean;
  /** Only a deployment or an organisation sets it. */
  readonly adminOnly: boolean;
}

/** One member of a layer as it was given, and what is wrong with it. */
export interface Reading {
  readonly name: string;
  readonly pointer: string;
  /** Null for a name that is not known, and for a member that only `context` has. */
  readonly setting: Setting | null;
  readonly value: unknown;
  readonly finding: FieldError | null;
}

/** What a layer may hold beyond what the space knows. */
export interface LayerRules {
  /** Pointer of the whole layer: `/settings` or `/context`. */
  readonly base: string;
  /** Whether members that only `context` has are known here. */
  readonly context: boolean;
  /** Bounds as they are after the layers below. */
  readonly schemaOf: (setting: Setting) => ValueSchema;
  /** Why this setting may not be given in this layer at all, or null. */
  readonly refuse: (setting: Setting) => { readonly code: string; readonly detail: string } | null;
}

/** Where a name of a layer leads: one setting, a component's group, or a member of `context` alone. */
type Entry =
  | { readonly kind: 'setting'; readonly setting: Setting }
  | { readonly kind: 'group'; readonly members: ReadonlyMap<string, Setting> }
  | { readonly kind: 'context'; readonly declared: DeclaredValue };

/** As many members as any use case has settings; the rest of a hostile object is not looked at. */
const MOST_READ = 500;

/** Zod's way of declaring a value, in the vocabulary, with its further rules as a check. */
export function declareValue(type: z.ZodType): DeclaredValue {
  return {
    schema: fromZod(type),
    check: (value) => {
      const parsed = type.safeParse(value);
      return parsed.success ? null : (parsed.error.issues[0]?.message ?? 'is refused');
    },
  };
}

/** Shape and bounds first, then what only code can say. */
export function checkDeclared(
  { check }: DeclaredValue,
  schema: ValueSchema,
  value: unknown,
  pointer: string,
): FieldError | null {
  const finding = checkValue(schema, value, pointer);
  if (finding !== null) return finding;
  const refused = check(value);
  return refused === null ? null : { pointer, code: 'OUT_OF_BOUNDS', detail: refused };
}

/** All names under which a use case takes settings, and what each stands for. */
export class SettingSpace {
  private readonly entries = new Map<string, Entry>();

  constructor(
    readonly settings: ReadonlyMap<string, Setting>,
    readonly contextOwn: Readonly<Record<string, DeclaredValue>>,
  ) {
    for (const setting of settings.values()) {
      if (!setting.name.includes('.')) this.entries.set(setting.name, { kind: 'setting', setting });
    }
    for (const [name, members] of groups(settings)) this.entries.set(name, { kind: 'group', members });
    for (const [name, declared] of Object.entries(contextOwn)) this.entries.set(name, { kind: 'context', declared });
  }

  /** The setting of this path or flat name. */
  find(name: string): Setting | undefined {
    const direct = this.settings.get(name);
    if (direct !== undefined) return direct;
    const entry = this.entries.get(name);
    return entry?.kind === 'setting' ? entry.setting : undefined;
  }

  /** Brings what a caller gave to nested names and checks every value by itself, in the order given. */
  read(given: Readonly<Record<string, unknown>>, rules: LayerRules): Reading[] {
    const reader = new LayerReader(rules);
    for (const [name, value] of Object.entries(given)) {
      if (reader.readings.length >= MOST_READ) break;
      const pointer = `${rules.base}/${escapePointer(name)}`;
      const entry = this.entries.get(name);
      if (entry === undefined || (entry.kind === 'context' && !rules.context)) {
        reader.unknown(name, pointer, value, this.names(rules.context));
      } else if (entry.kind === 'context') reader.takeOwn(name, entry.declared, value, pointer);
      else if (entry.kind === 'setting') reader.take(entry.setting, value, pointer);
      else reader.takeGroup(name, entry.members, value, pointer);
    }
    return reader.readings;
  }

  private *names(context: boolean): Iterable<string> {
    for (const [name, entry] of this.entries) if (context || entry.kind !== 'context') yield name;
  }
}

function groups(settings: ReadonlyMap<string, Setting>): Map<string, Map<string, Setting>> {
  const found = new Map<string, Map<string, Setting>>();
  for (const setting of settings.values()) {
    const [group, member] = setting.path.split('.', 2);
    if (group === undefined || member === undefined) continue;
    const members = found.get(group) ?? new Map<string, Setting>();
    found.set(group, members.set(member, setting));
  }
  return found;
}

class LayerReader {
  readonly readings: Reading[] = [];
  private readonly named = new Set<string>();

  constructor(private readonly rules: LayerRules) {}

  takeGroup(name: string, members: ReadonlyMap<string, Setting>, value: unknown, pointer: string): void {
    if (value === null) return;
    if (!isRecord(value)) {
      const finding = { pointer, code: 'INVALID_TYPE', detail: `${name} must be an object` };
      this.readings.push({ name, pointer, setting: null, value, finding });
      return;
    }
    for (const [member, given] of Object.entries(value)) {
      if (this.readings.length >= MOST_READ) return;
      const setting = members.get(member);
      const at = `${pointer}/${escapePointer(member)}`;
      if (setting === undefined) this.unknown(`${name}.${member}`, at, given, pathsOf(members));
      else this.take(setting, given, at);
    }
  }

  /** `null` takes this layer's own value away: the layer below speaks. */
  take(setting: Setting, value: unknown, pointer: string): void {
    const refused = this.rules.refuse(setting);
    const finding =
      refused !== null
        ? { pointer, ...refused }
        : (this.doubled(setting, pointer) ?? this.checked(setting, value, pointer));
    if (finding !== null || value !== null) {
      this.readings.push({ name: setting.name, pointer, setting, value, finding });
    }
  }

  takeOwn(name: string, declared: DeclaredValue, value: unknown, pointer: string): void {
    if (value === null) return;
    const finding = named(name, checkDeclared(declared, declared.schema, value, pointer));
    this.readings.push({ name, pointer, setting: null, value, finding });
  }

  unknown(name: string, pointer: string, value: unknown, known: Iterable<string>): void {
    const near = nearestName(name, known);
    const hint = near === null ? '' : `; the nearest known name is ${near}`;
    const finding = { pointer, code: 'UNKNOWN_KEY', detail: `${name.slice(0, 64)} is not known${hint}` };
    this.readings.push({ name: name.slice(0, 64), pointer, setting: null, value, finding });
  }

  private doubled(setting: Setting, pointer: string): FieldError | null {
    if (!this.named.has(setting.path)) {
      this.named.add(setting.path);
      return null;
    }
    return { pointer, code: 'AMBIGUOUS_KEY', detail: `${setting.name} and ${setting.path} are one setting` };
  }

  private checked(setting: Setting, value: unknown, pointer: string): FieldError | null {
    if (value === null) return null;
    return named(setting.name, checkDeclared(setting, this.rules.schemaOf(setting), value, pointer));
  }
}

function named(name: string, finding: FieldError | null): FieldError | null {
  return finding === null ? null : { ...finding, detail: `${name} ${finding.detail}` };
}

function* pathsOf(members: ReadonlyMap<string, Setting>): Iterable<string> {
  for (const { path } of members.values()) yield path;
}
