import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Where a sealed value belongs. It opens nowhere else: all four are authenticated with it. */
export interface FieldPlace {
  readonly table: string;
  readonly column: string;
  readonly rowId: string;
  /** Null for rows that belong to the whole installation. */
  readonly orgId: string | null;
}

/** `pe1.<key id>.<96-bit random IV>.<ciphertext and 128-bit tag>`, the last two in base64url. */
const ENVELOPE = /^pe1\.([A-Za-z0-9_]+)\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22,})$/;
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** @param key 32 bytes */
export function sealEnvelope(keyId: string, key: Buffer, place: FieldPlace, plaintext: Buffer): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(additionalData(place));
  const body = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return `pe1.${keyId}.${iv.toString('base64url')}.${body.toString('base64url')}`;
}

/** @throws Error when the text is no envelope, or was not sealed with this key for this place. */
export function openEnvelope(key: Buffer, place: FieldPlace, envelope: string): Buffer {
  const { iv, body } = parse(envelope);
  const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(additionalData(place));
  decipher.setAuthTag(body.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final()]);
}

/**
 * Id of the key that an envelope was sealed with.
 * @throws Error when the text is no envelope.
 */
export function envelopeKeyId(envelope: string): string {
  return parse(envelope).keyId;
}

function parse(envelope: string): { keyId: string; iv: Buffer; body: Buffer } {
  const [, keyId, iv, body] = ENVELOPE.exec(envelope) ?? [];
  if (keyId === undefined || iv === undefined || body === undefined) throw new Error('not an envelope');
  return { keyId, iv: Buffer.from(iv, 'base64url'), body: Buffer.from(body, 'base64url') };
}

/** Only a row id may hold a bar, and it stands between names that never do: two places never read alike. */
function additionalData({ table, column, rowId, orgId }: FieldPlace): Buffer {
  return Buffer.from(`${table}|${column}|${rowId}|${orgId ?? ''}`, 'utf8');
}
