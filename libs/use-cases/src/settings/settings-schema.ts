import type { EffectiveSettings } from './effective-settings.js';
import type { Setting } from './setting-space.js';
import type { ValueSchema } from './value-schema.js';

export type JsonSchema = Readonly<Record<string, unknown>>;

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

const known = new WeakMap<EffectiveSettings, { settings: JsonSchema; context: JsonSchema }>();

/** What a session may set, as JSON Schema 2020-12 with defaults and bounds after layers 1–3. */
export function settingsSchema(effective: EffectiveSettings): JsonSchema {
  return schemasOf(effective).settings;
}

/** What one message may carry in `context`. */
export function contextSchema(effective: EffectiveSettings): JsonSchema {
  return schemasOf(effective).context;
}

function schemasOf(effective: EffectiveSettings): { settings: JsonSchema; context: JsonSchema } {
  const made = known.get(effective);
  if (made !== undefined) return made;
  const all = [...effective.space.settings.values()];
  const perTurn = all.filter((setting) => setting.perTurn && !effective.isFixed(setting));
  const own = Object.entries(effective.space.contextOwn).map(([name, { schema }]) => [name, schema] as const);
  const schemas = {
    settings: { $schema: DIALECT, ...closed(nested(effective, all)) },
    context: { $schema: DIALECT, ...closed({ ...nested(effective, perTurn), ...Object.fromEntries(own) }) },
  };
  known.set(effective, schemas);
  return schemas;
}

/** Flat names first, then a group per component with what keeps its nested name. */
function nested(effective: EffectiveSettings, settings: readonly Setting[]): Record<string, unknown> {
  const flat = settings.filter(({ name }) => !name.includes('.'));
  const members = new Map<string, Record<string, ValueSchema>>();
  for (const setting of settings) {
    const [group, member] = setting.name.split('.', 2);
    if (group === undefined || member === undefined) continue;
    members.set(group, { ...members.get(group), [member]: shown(effective, setting) });
  }
  return {
    ...Object.fromEntries(flat.map((setting) => [setting.name, shown(effective, setting)])),
    ...Object.fromEntries([...members].map(([group, properties]) => [group, closed(properties)])),
  };
}

function shown(effective: EffectiveSettings, setting: Setting): ValueSchema & { readOnly?: true } {
  const schema = { ...effective.schemaOf(setting), default: effective.values().get(setting.path) };
  return effective.isFixed(setting) ? { ...schema, readOnly: true } : schema;
}

function closed(properties: Readonly<Record<string, unknown>>): JsonSchema {
  return { type: 'object', properties, additionalProperties: false };
}
