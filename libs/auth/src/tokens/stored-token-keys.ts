import { createPrivateKey, createPublicKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '@parley/platform/clock';
import { SealedFields } from '@parley/platform/crypto';
import { isId, newId } from '@parley/platform/ids';
import { INSTALLATION } from '../access/actor.js';
import { type NewSigningKey, SigningKeysRepository, type StoredSigningKey } from './signing-keys.repository.js';
import { type PublicJwk, type SigningKey, TokenKeys, type VerificationKey } from './token-keys.js';

const generate = promisify(generateKeyPair);

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
/** A key that another node promoted signs here too after this long; retired ones verify for long enough. */
const FRESH_FOR = 30 * SECOND;
/** Unknown key names are free to invent: they make the table be read once a second at most. */
const RELOAD_SPACING = SECOND;
const PUBLISHED_FOR = 10 * MINUTE;
/** The longest life of an access token and a minute. */
const VERIFIES_FOR = 61 * MINUTE;
const SIGNS_FOR = 90 * DAY;

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

  async signingKey(): Promise<SigningKey> {
    if (this.signing === undefined || performance.now() - this.loadedAt > FRESH_FOR) await this.load();
    if (this.signing === undefined) {
      await this.repository.addActive(INSTALLATION, await this.make());
      await this.load();
    }
    if (this.signing === undefined) throw new Error('there is no key to sign access tokens with');
    return this.signing;
  }

  async find(kid: string): Promise<VerificationKey | undefined> {
    const known = this.verifying.get(kid);
    if (known !== undefined || !isId('signingKey', kid)) return known;
    await this.load(RELOAD_SPACING);
    return this.verifying.get(kid);
  }

  holds(kid: string): boolean {
    return this.verifying.has(kid);
  }

  drop(kid: string): void {
    this.verifying.delete(kid);
    if (this.signing?.kid === kid) this.signing = undefined;
  }

  async published(): Promise<PublicJwk[]> {
    const keys = await this.repository.all(INSTALLATION);
    return keys
      .filter(({ state }) => state !== 'revoked')
      .map(({ kid, publicJwk }) => ({ ...publicJwk, kid, alg: this.algorithm, use: 'sig' }));
  }

  /** Publishes a new key. It takes over ten minutes later, with the next `tend`. No valid token is refused. */
  async rotate(): Promise<void> {
    await this.repository.addNext(INSTALLATION, await this.make());
  }

  /** Ends every token of a key at once, on every node; a new key signs from then on. */
  async revoke(kid: string): Promise<boolean> {
    const revoked = await this.repository.revoke(INSTALLATION, kid);
    this.drop(kid);
    if (revoked) this.logger.warn({ msg: 'signing key revoked', kid });
    return revoked;
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
  private async load(spacing = 0): Promise<void> {
    if (this.reading) await this.loading?.catch(() => undefined);
    this.loading ??= this.reload(spacing).finally(() => {
      this.loading = undefined;
      this.reading = false;
    });
    return this.loading;
  }

  private async reload(spacing: number): Promise<void> {
    const wait = this.loadedAt + spacing - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    this.reading = true;
    const keys = (await this.repository.all(INSTALLATION)).filter(({ state }) => state !== 'revoked');
    const active = keys.find(({ state }) => state === 'active');
    if (active?.kid !== this.signing?.kid) this.signing = active && (await this.unseal(active));
    this.verifying = new Map(keys.map((key) => [key.kid, { kid: key.kid, key: toPem(key.publicJwk) }]));
    this.loadedAt = performance.now();
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

function toPem(jwk: PublicJwk): string {
  return createPublicKey({ key: { ...jwk }, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();
}
