import { describeConfig } from './describe-config.js';
import type { Config } from './schema.js';

/** Stands where a secret is set, in `parley config check`. */
const MASK = '[secret]';

/** The configuration as it may be shown: secrets masked where set, credentials taken out of addresses. */
export function maskConfig(config: Config): Readonly<Record<string, unknown>> {
  const secrets = new Set(describeConfig().flatMap((key) => (key.secret ? [key.name] : [])));
  const show = (value: unknown, path: readonly string[]): unknown => {
    if (secrets.has(path.join('.'))) return mask(value);
    if (Array.isArray(value)) return value.map((entry) => show(entry, path));
    if (typeof value === 'object' && value !== null) return showMembers(value, path);
    return typeof value === 'string' ? value.replace(/(:\/\/)[^@/]+@/, `$1${MASK}@`) : value;
  };
  const showMembers = (value: object, path: readonly string[]): Record<string, unknown> =>
    Object.fromEntries(Object.entries(value).map(([name, member]) => [name, show(member, [...path, name])]));
  return showMembers(config, []);
}

/** Names in a mapping of secrets stay; what they name is masked. */
function mask(value: unknown): unknown {
  if (value === null) return null;
  if (typeof value !== 'object') return MASK;
  return Object.fromEntries(Object.keys(value).map((name) => [name, MASK]));
}
