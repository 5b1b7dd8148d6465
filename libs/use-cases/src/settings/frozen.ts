import type { z } from 'zod';
import { isRecord } from './value-schema.js';

/** Settings of a run: plain JSON, components' under their short names. Stored with the run, never changed. */
export type FrozenSettings = Readonly<Record<string, unknown>>;

/** Values by path as one nested object. */
export function freezeSettings(values: ReadonlyMap<string, unknown>): FrozenSettings {
  const root: Record<string, unknown> = {};
  const groups = new Map<string, Record<string, unknown>>();
  for (const [path, value] of values) {
    const [group, member] = path.split('.', 2);
    if (group === undefined || member === undefined) root[path] = value;
    else groups.set(group, Object.assign(groups.get(group) ?? {}, { [member]: value }));
  }
  for (const [name, members] of groups) root[name] = Object.freeze(members);
  return Object.freeze(root);
}

/** The settings of one component; empty where it has none. */
export function groupOf(settings: FrozenSettings, name: string): FrozenSettings {
  const group = settings[name];
  return isRecord(group) ? group : {};
}

/**
 * A reader of settings as Zod types them. What was read once is remembered for as long as the frozen
 * object lives: turns of one session share it, and parsing is most of what a turn's settings cost.
 */
export function settingsReader<T extends z.ZodRawShape>(
  shape: z.ZodObject<T>,
): (settings: FrozenSettings) => z.infer<z.ZodObject<T>> {
  const known = new WeakMap<FrozenSettings, z.infer<z.ZodObject<T>>>();
  const type = shape.strip();
  return (settings) => {
    const remembered = known.get(settings);
    if (remembered !== undefined) return remembered;
    const read = type.parse(settings);
    known.set(settings, read);
    return read;
  };
}
