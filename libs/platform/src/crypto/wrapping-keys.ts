import { type Config, decodeWrappingKey, wrappingKeyId } from '../config/index.js';
import { KeyRingError } from './crypto.errors.js';
import { isOpenToOthers, makeWrappingKeyFile, readWrappingKeyFile, wrappingKeyFile } from './wrapping-key-file.js';

export interface WrappingKey {
  /** First 12 hex digits of the key's SHA-256. */
  readonly id: string;
  readonly key: Buffer;
}

/** The key-encryption keys of this process: one wraps, all unwrap. */
export interface WrappingKeys {
  readonly active: WrappingKey;
  readonly byId: ReadonlyMap<string, Buffer>;
}

/**
 * Takes the keys from where the configuration says.
 * @param named ids of the key-encryption keys that the database names; where it names any, none is made
 * @param warn tells the operator what to look after
 * @throws KeyRingError when there is no key, or the database names one that is not here.
 */
export async function openWrappingKeys(
  config: Pick<Config, 'keys' | 'data_dir'>,
  named: readonly string[],
  warn: (text: string) => void,
): Promise<WrappingKeys> {
  const path = wrappingKeyFile(config.data_dir);
  const fromFile = config.keys.source === 'file' || (config.keys.source === null && config.keys.kek === null);
  const active = fromFile ? await openFile(path, named, warn) : toWrappingKey('PARLEY_KEK', config.keys.kek);
  const older = Object.entries(config.keys.older).map(([id, text]) => toWrappingKey(`PARLEY_KEK_${id}`, text));
  const byId = new Map([...older, active].map(({ id, key }) => [id, key]));
  const missing = named.filter((id) => !byId.has(id));
  if (missing.length > 0) throw missingKeys(missing, [...byId.keys()], fromFile ? path : undefined);
  return { active, byId };
}

async function openFile(path: string, named: readonly string[], warn: (text: string) => void): Promise<WrappingKey> {
  const known = await readWrappingKeyFile(path);
  if (known !== undefined) {
    if (await isOpenToOthers(path)) warn(`Others than its owner may read ${path}: chmod 600 it.`);
    return { id: wrappingKeyId(known), key: known };
  }
  // A new key beside data that another one wraps would only hide that theirs is lost.
  if (named.length > 0) throw missingKeys(named, [], path);
  await makeWrappingKeyFile(path);
  const made = await readWrappingKeyFile(path);
  if (made === undefined) throw new KeyRingError(`${path} vanished while it was made.`);
  const id = wrappingKeyId(made);
  warn(
    `Made the key-encryption key ${id} in ${path}. Encrypted data without this file are lost: keep a copy elsewhere.`,
  );
  return { id, key: made };
}

function toWrappingKey(variable: string, text: string | null): WrappingKey {
  const key = text === null ? undefined : decodeWrappingKey(text);
  if (key === undefined) throw new KeyRingError(`${variable} does not hold base64 of 32 bytes.`);
  return { id: wrappingKeyId(key), key };
}

function missingKeys(missing: readonly string[], present: readonly string[], file: string | undefined): KeyRingError {
  const remedy =
    file === undefined
      ? `Set it as PARLEY_KEK, or as PARLEY_KEK_${missing[0]} beside the present one.`
      : `Restore ${file} from its copy, or set the key as PARLEY_KEK.`;
  return new KeyRingError(
    `The keys in this database are wrapped by the key-encryption key ${missing.join(', ')}, which is not here ` +
      `(present: ${present.length === 0 ? 'none' : present.join(', ')}). ${remedy}`,
  );
}
