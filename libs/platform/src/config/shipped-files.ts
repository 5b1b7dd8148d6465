import { resolve } from 'node:path';
import { configSchema } from './schema.js';
import { readYamlLayer } from './yaml-layer.js';

/**
 * What each environment's file sets otherwise than the key's default: by key, then in the order of the environments.
 */
export type ShippedSettings = ReadonlyMap<string, readonly { readonly environment: string; readonly value: unknown }[]>;

/** @param cwd the folder that holds `config/` */
export function readShippedSettings(cwd: string): ShippedSettings {
  const settings = new Map<string, { environment: string; value: unknown }[]>();
  for (const environment of configSchema.shape.env.unwrap().options) {
    const layers = ['default', environment].map((name) => {
      const label = `config/${name}.yaml`;
      return readYamlLayer({ path: resolve(cwd, label), label, namedBy: label });
    });
    const set = new Map(layers.flatMap(({ assignments }) => assignments).map(({ key, value }) => [key, value]));
    for (const [key, value] of set) {
      if (JSON.stringify(value) === JSON.stringify(key.default)) continue;
      settings.set(key.name, [...(settings.get(key.name) ?? []), { environment, value }]);
    }
  }
  return settings;
}
