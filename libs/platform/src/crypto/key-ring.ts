import { randomBytes } from 'node:crypto';
import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../clock/index.js';
import { CONFIG, type Config } from '../config/index.js';
import { NO_ORGANISATION } from '../database/index.js';
import { newId } from '../ids/index.js';
import { KeyRingError } from './crypto.errors.js';
import { DataKeysRepository, type KeyScope, type StoredKey } from './data-keys.repository.js';
import { type FieldPlace, openEnvelope, sealEnvelope } from './envelope.js';
import { openWrappingKeys, type WrappingKeys } from './wrapping-keys.js';

/** A key ready for use: 32 bytes. */
export interface OpenKey {
  readonly id: string;
  readonly key: Buffer;
}

interface ActiveKey extends OpenKey {
  /** Uses set aside for this process that are left. */
  left: number;
}

/** Random IVs of 96 bits are safe for 2^32 values under one key (NIST SP 800-38D 8.3); we stop well before. */
const MOST_VALUES = 2 ** 30;
/** Uses are set aside in blocks before they happen, so that what a killed process used is counted too. */
const BLOCK = 4096;
const MOST_CACHED = 10_000;
const KEY_BYTES = 32;

/**
 * Three levels of keys: a key-encryption key from the configuration wraps one key per organisation
 * (and one for rows of the whole installation), those wrap the leaves that seal fields.
 * Unwrapped when first needed, kept in memory.
 */
@Injectable()
export class KeyRing implements OnApplicationBootstrap {
  private readonly logger = new Logger(KeyRing.name);
  private wrapping: Promise<WrappingKeys> | undefined;
  private readonly opened = new LRUCache<string, Promise<Buffer>>({ max: MOST_CACHED });
  private readonly active = new LRUCache<string, Promise<ActiveKey>>({ max: MOST_CACHED });

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly repository: DataKeysRepository,
    private readonly clock: Clock,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.verify();
  }

  /**
   * Proves that every key-encryption key which the database names is here and fits.
   * @throws KeyRingError naming the ids of those that are not, or do not.
   */
  async verify(): Promise<void> {
    await this.wrappingKeys();
  }

  /**
   * The key of a scope to seal one value with; made when there is none, replaced when it has sealed enough.
   * May use the database: never call it inside a transaction.
   */
  async take(scope: KeyScope): Promise<OpenKey> {
    const name = JSON.stringify([scope.level, scope.purpose, scope.orgId, scope.subject]);
    for (;;) {
      const promise = remember(this.active, name, () => this.activate(scope));
      const key = await promise;
      if (key.left > 0) {
        key.left -= 1;
        return key;
      }
      // Of all who find the block used up the first one drops it; the others find the next one.
      if (this.active.peek(name) === promise) this.active.delete(name);
    }
  }

  /**
   * A key by its id, to open what it sealed.
   * @throws Error when there is no such key, or what wraps it is not here.
   */
  key(id: string): Promise<Buffer> {
    return remember(this.opened, id, async () => {
      const stored = await this.repository.find(NO_ORGANISATION, id);
      if (stored === undefined) throw new Error(`there is no data key ${id}`);
      return this.unwrap(stored);
    });
  }

  private async activate(scope: KeyScope): Promise<ActiveKey> {
    for (;;) {
      const stored = await this.repository.reserve(NO_ORGANISATION, scope, BLOCK, MOST_VALUES);
      if (stored !== undefined) {
        const key = await remember(this.opened, stored.id, () => this.unwrap(stored));
        return { id: stored.id, key, left: BLOCK };
      }
      const made = await this.make(scope);
      if (made !== undefined) return made;
      // Another process was first: its key serves us as well.
    }
  }

  private async make(scope: KeyScope): Promise<ActiveKey | undefined> {
    const parent = await this.parentOf(scope);
    const id = newId('dataKey');
    const key = randomBytes(KEY_BYTES);
    const stored: StoredKey = {
      id,
      level: scope.level,
      orgId: scope.orgId,
      wrappedBy: parent.id,
      wrapped: sealEnvelope(parent.id, parent.key, placeOf(id, scope.orgId), key),
    };
    const uses = { values: BLOCK, limit: MOST_VALUES, at: this.clock.now() };
    if (!(await this.repository.replace(NO_ORGANISATION, scope, stored, uses))) return undefined;
    this.opened.set(id, Promise.resolve(key));
    return { id, key, left: BLOCK };
  }

  private async parentOf({ level, orgId }: KeyScope): Promise<OpenKey> {
    if (level !== 'leaf') return (await this.wrappingKeys()).active;
    const parent = orgId === null ? 'installation' : 'organisation';
    return this.take({ level: parent, purpose: 'wrap', orgId, subject: null });
  }

  private async unwrap(stored: StoredKey): Promise<Buffer> {
    const parent =
      stored.level === 'leaf'
        ? await this.key(stored.wrappedBy)
        : (await this.wrappingKeys()).byId.get(stored.wrappedBy);
    if (parent === undefined) throw new Error(`the key-encryption key ${stored.wrappedBy} is not here`);
    return openEnvelope(parent, placeOf(stored.id, stored.orgId), stored.wrapped);
  }

  private wrappingKeys(): Promise<WrappingKeys> {
    this.wrapping ??= this.openWrappingKeys().catch((error: unknown) => {
      this.wrapping = undefined;
      throw error;
    });
    return this.wrapping;
  }

  private async openWrappingKeys(): Promise<WrappingKeys> {
    const samples = await this.repository.oldestByWrappingKey(NO_ORGANISATION);
    const named = samples.map((sample) => sample.wrappedBy);
    const keys = await openWrappingKeys(this.config, named, (text) => this.logger.warn(text));
    for (const sample of samples) {
      const key = keys.byId.get(sample.wrappedBy);
      if (key === undefined || !opens(key, sample))
        throw new KeyRingError(
          `The data key ${sample.id} does not open with the key-encryption key ${sample.wrappedBy}: ` +
            'the table data_keys was changed outside the program. Restore it from a backup.',
        );
    }
    return keys;
  }
}

function opens(key: Buffer, stored: StoredKey): boolean {
  try {
    return openEnvelope(key, placeOf(stored.id, stored.orgId), stored.wrapped).length === KEY_BYTES;
  } catch {
    // What does not open is the answer here, whatever the cause.
    return false;
  }
}

function placeOf(id: string, orgId: string | null): FieldPlace {
  return { table: 'data_keys', column: 'wrapped', rowId: id, orgId };
}

/** One attempt for all who ask at once; a failed one is forgotten. */
function remember<T>(cache: LRUCache<string, Promise<T>>, name: string, load: () => Promise<T>): Promise<T> {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const promise = load();
  cache.set(name, promise);
  promise.catch(() => {
    if (cache.peek(name) === promise) cache.delete(name);
  });
  return promise;
}
