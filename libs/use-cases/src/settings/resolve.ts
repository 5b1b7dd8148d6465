import { escapePointer, type FieldError } from '@parley/platform/errors';
import type { BrokenRule, Component } from '../components/component.js';
import { adjust, type EffectiveSettings, type SettingAdjustment } from './effective-settings.js';
import { type FrozenSettings, freezeSettings, groupOf } from './frozen.js';

import type { Reading, Setting } from './setting-space.js';
import { isRecord } from './value-schema.js';

/** The merged result of all layers. */
export interface Resolved {
  readonly settings: FrozenSettings;
  readonly adjusted: readonly SettingAdjustment[];
  /** Rules over several settings that the merged result breaks. */
  readonly findings: readonly FieldError[];
}

type Values = Map<string, unknown>;

/** Merges what a session is about to store (layer 4) over the layers below; nothing is moved. */
export function resolveSession(
  effective: EffectiveSettings,
  components: readonly Component[],
  session: readonly Reading[],
): Resolved {
  const settings = merge(effective, valuesOf(session));
  const findings = brokenRules(components, settings).map((rule) => toFinding(effective, rule, '/settings'));
  return { settings, adjusted: [], findings };
}

/**
 * Merges a session's stored values (layer 4) and a message's (layer 5) over the layers below. Stored
 * values that a later layer below forbids are moved or left out, and listed.
 */
export function resolveTurn(
  effective: EffectiveSettings,
  components: readonly Component[],
  session: readonly Reading[],
  context: readonly Reading[],
): Resolved {
  const schemaOf = (setting: Setting) => effective.schemaOf(setting);
  const stored = adjust(session, schemaOf, effective.values());
  // A message that is being sent has no findings here: they were refused. One that was sent earlier may.
  const { values: perTurn, adjusted: perTurnAdjusted } = adjust(context, schemaOf, effective.values());
  const adjusted = [...stored.adjusted, ...perTurnAdjusted];
  const settings = merge(effective, stored.values, perTurn);
  const broken = brokenRules(components, settings);
  if (broken.length === 0) return { settings, adjusted, findings: [] };
  const asked = broken.filter(({ about }) => about.some((path) => perTurn.has(path)));
  if (asked.length > 0) {
    return { settings, adjusted: [], findings: asked.map((rule) => toFinding(effective, rule, '/context')) };
  }
  const dropped = new Set(broken.flatMap(({ about }) => about.filter((path) => stored.values.delete(path))));
  const mended = merge(effective, stored.values, perTurn);
  const conflicts = [...dropped].map((path) => ({
    setting: effective.space.settings.get(path)?.name ?? path,
    reason: 'conflict' as const,
    used: effective.values().get(path) ?? null,
  }));
  return {
    settings: mended,
    adjusted: [...adjusted, ...conflicts],
    findings: brokenRules(components, mended).map((rule) => toFinding(effective, rule, '/settings')),
  };
}

/** Rules over several settings that these break. */
function brokenRules(components: readonly Component[], settings: FrozenSettings): BrokenRule[] {
  return components.flatMap((component) => component.rules?.(groupOf(settings, component.name)) ?? []);
}

function toFinding(effective: EffectiveSettings, { path, code, detail }: BrokenRule, base: string): FieldError {
  const name = effective.space.settings.get(path)?.name ?? path;
  return { pointer: `${base}/${name.split('.').map(escapePointer).join('/')}`, code, detail };
}

function valuesOf(readings: readonly Reading[]): Values {
  const values: Values = new Map();
  for (const { setting, value, finding } of readings) {
    if (setting !== null && finding === null) values.set(setting.path, value);
  }
  return values;
}

function merge(effective: EffectiveSettings, ...layers: readonly Values[]): FrozenSettings {
  const merged = new Map(effective.values());
  for (const layer of layers) {
    for (const [path, value] of layer) merged.set(path, mergeValue(effective, path, merged.get(path), value));
  }
  return freezeSettings(merged);
}

/** Objects whose members are declared merge by member, everything else is replaced. */
function mergeValue(effective: EffectiveSettings, path: string, below: unknown, value: unknown): unknown {
  const setting = effective.space.settings.get(path);
  const properties = setting === undefined ? undefined : effective.schemaOf(setting).properties;
  if (properties === undefined || !isRecord(below) || !isRecord(value)) return value;
  const given = Object.entries(value).filter(([, member]) => member !== null);
  return { ...below, ...Object.fromEntries(given) };
}
