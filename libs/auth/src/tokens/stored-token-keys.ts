import { createPrivateKey, createPublicKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@parley/platform/clock';
import { SealedFields } from '@parley/platform/crypto';
import { platformErrors } from '@parley/platform/errors';
import { isId, newId } from '@parley/platform/ids';
import { INSTALLATION } from '../access/actor.js';
import {
  type NewSigningKey,
  type SigningKeyState,
  SigningKeysRepository,
  type StoredSigningKey,
} from './signing-keys.repository.js';
import { type PublicJwk, type SigningKey, TokenKeys, type VerificationKey } from './token-keys.js';

const generate = promisify(generateKeyPair);

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
/** Unknown key names are free to invent: they make the table be read once a second at most. */
const RELOAD_SPACING = SECOND;
const PUBLISHED_FOR = 10 * MINUTE;
/** The longest life of an access token and a minute. */
const VERIFIES_FOR = 61 * MINUTE;
const SIGNS_FOR = 90 * DAY;

/** What an operator may know of a key. */
export interface SigningKeyFacts {
  readonly kid: string;
  readonly algorithm: string;
  readonly state: SigningKeyState;
  readonly createdAt: Date;
  /** Since when it signs, or signed; null: it never did. */
  readonly activatedAt: Date | null;
  /** Since when it signs no more, because another took over. */
  readonly retiredAt: Date | null;
  /** When one that waits takes over at the earliest; null for the others. */
  readonly signsAfter: Date | null;
  /** How long a retired one goes on verifying; null for the others. */
  readonly verifiesUntil: Date | null;
}

/** A rotation that has begun. */
export interface Rotation {
  /** The key that is to sign. */
  readonly kid: string;
  /** False: it waited already, and no other one was made. */
  readonly made: boolean;
  /** When it takes over at the earliest: with the next `tend` after that. */
  readonly signsAfter: Date;
}

export interface Revocation {
  /** The state that the key was in; `revoked`: nothing was left to do. */
  readonly before: SigningKeyState;
  /** The key that signs now. */
  readonly signing: string;
}

/**
 * ES256 keys in the database, sealed by the key ring: one signs, the next is published before it does,
 * retired ones verify until the last token they signed has expired, a revoked one nothing.
 */
@Injectable()
export class StoredTokenKeys extends TokenKeys {
  readonly algorithm = 'ES256';
  private readonly logger = new Logger(StoredTokenKeys.name);
  private verifying = new Map<string, VerificationKey>();
  private signing: SigningKey | undefined;
  private loadedAt = Number.NEGATIVE_INFINITY;
  private loading: Promise<void> | undefined;
  /** Whether `loading` has asked the database already, and may miss what was stored since. */
  private reading = false;

  constructor(
    private readonly repository: SigningKeysRepository,
    private readonly sealed: SealedFields,
    private readonly clock: Clock,
  ) {
    super();
  }

  /** Asks the database each time: what was revoked a moment ago signs nothing, on no node. */
  async signingKey(): Promise<SigningKey> {
    const active = (await this.repository.active(INSTALLATION)) ?? (await this.begin());
    if (this.signing?.kid === active.kid) return this.signing;
    const signing = await this.unseal(active);
    this.signing = signing;
    this.verifying.set(active.kid, verificationKey(active));
    return signing;
  }

  async find(kid: string): Promise<VerificationKey | undefined> {
    const known = this.verifying.get(kid);
    if (known !== undefined || !isId('signingKey', kid)) return known;
    await this.load();
    return this.verifying.get(kid);
  }

  holds(kid: string): boolean {
    return this.verifying.has(kid);
  }

  drop(kid: string): void {
    const known = this.verifying.delete(kid);
    if (this.signing?.kid === kid) this.signing = undefined;
    if (known) this.logger.warn({ msg: 'a signing key does not stand any more: its tokens are refused', kid });
  }

  async published(): Promise<PublicJwk[]> {
    const keys = await this.repository.all(INSTALLATION);
    return keys
      .filter(({ state }) => state !== 'revoked')
      .map(({ kid, publicJwk }) => ({ ...publicJwk, kid, alg: this.algorithm, use: 'sig' }));
  }

  /** Every key there is, the oldest first. */
  async describe(): Promise<SigningKeyFacts[]> {
    const keys = await this.repository.all(INSTALLATION);
    return keys.map(({ kid, algorithm, state, createdAt, activatedAt, retiredAt }) => ({
      ...{ kid, algorithm, state, createdAt, activatedAt, retiredAt },
      signsAfter: state === 'next' ? after(createdAt, PUBLISHED_FOR) : null,
      verifiesUntil: state === 'retired' && retiredAt !== null ? after(retiredAt, VERIFIES_FOR) : null,
    }));
  }

  /** Publishes a new key. It takes over ten minutes later, with the next `tend`. No valid token is refused. */
  async rotate(): Promise<Rotation> {
    const made = await this.make();
    const { kid, createdAt } = await this.repository.addNext(INSTALLATION, made);
    return { kid, made: kid === made.kid, signsAfter: after(createdAt, PUBLISHED_FOR) };
  }

  /**
   * Ends every token of a key at once, on every node. Where it is the one that signs, the one that waits takes over,
   * else a new one.
   * @throws NOT_FOUND
   */
  async revoke(kid: string): Promise<Revocation> {
    const before = await this.repository.revoke(INSTALLATION, kid, this.clock.now());
    if (before === undefined) throw platformErrors.NOT_FOUND({ detail: 'There is no such signing key.' });
    this.drop(kid);
    return { before, signing: (await this.signingKey()).kid };
  }

  /** Moves keys on in their lives: to be called every few minutes by one node or by all. */
  async tend(): Promise<void> {
    const now = this.clock.millis();
    const keys = await this.repository.all(INSTALLATION);
    const active = keys.find(({ state }) => state === 'active');
    const signedSince = active?.activatedAt?.getTime() ?? now;
    if (now - signedSince > SIGNS_FOR && !keys.some(({ state }) => state === 'next')) await this.rotate();
    await this.repository.promoteNext(INSTALLATION, new Date(now - PUBLISHED_FOR), new Date(now));
    await this.repository.removeRetired(INSTALLATION, new Date(now - VERIFIES_FOR));
  }

  /** Reads the keys after this call began: all who ask at once share a reading that has not begun yet. */
  private async load(): Promise<void> {
    if (this.reading) await this.loading?.catch(() => undefined);
    this.loading ??= this.reload().finally(() => {
      this.loading = undefined;
      this.reading = false;
    });
    return this.loading;
  }

  private async reload(): Promise<void> {
    const wait = this.loadedAt + RELOAD_SPACING - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    this.reading = true;
    const keys = (await this.repository.all(INSTALLATION)).filter(({ state }) => state !== 'revoked');
    this.verifying = new Map(keys.map((key) => [key.kid, verificationKey(key)]));
    this.loadedAt = performance.now();
  }

  /** The first key, and the one after a revocation that found none waiting: of all nodes' the first counts. */
  private async begin(): Promise<StoredSigningKey> {
    await this.repository.addActive(INSTALLATION, await this.make());
    const active = await this.repository.active(INSTALLATION);
    if (active === undefined) throw new Error('there is no key to sign access tokens with');
    return active;
  }

  private async make(): Promise<NewSigningKey> {
    const kid = newId('signingKey');
    const [{ publicKey, privateKey }, { exportJWK }] = await Promise.all([
      generate('ec', { namedCurve: 'P-256' }),
      import('jose'),
    ]);
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const field = { ...placeOf(kid), purpose: 'signing_key' };
    return {
      kid,
      publicJwk: { ...(await exportJWK(publicKey)) },
      privateSealed: await this.sealed.seal(INSTALLATION, field, pem),
      at: this.clock.now(),
    };
  }

  private async unseal({ kid, privateSealed }: StoredSigningKey): Promise<SigningKey> {
    if (privateSealed === null) throw new Error(`the signing key ${kid} has no private part`);
    const pem = await this.sealed.open(INSTALLATION, placeOf(kid), privateSealed);
    return { kid, key: createPrivateKey(pem) };
  }
}

function placeOf(kid: string) {
  return { table: 'signing_keys', column: 'private_sealed', rowId: kid, orgId: null };
}

function after(moment: Date, milliseconds: number): Date {
  return new Date(moment.getTime() + milliseconds);
}

function verificationKey({ kid, publicJwk }: StoredSigningKey): VerificationKey {
  const key = createPublicKey({ key: { ...publicJwk }, format: 'jwk' });
  return { kid, key: key.export({ type: 'spki', format: 'pem' }).toString() };
}
