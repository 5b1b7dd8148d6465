import { randomBytes, webcrypto } from 'node:crypto';
import fc from 'fast-check';
import { envelopeKeyId, type FieldPlace, openEnvelope, sealEnvelope } from './envelope.js';

const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
const place: FieldPlace = { table: 'signing_keys', column: 'private_sealed', rowId: 'sgk_1', orgId: 'org_1' };
const seal = (text: string, where = place) => sealEnvelope('dek_1', key, where, Buffer.from(text));
const open = (envelope: string, where = place) => openEnvelope(key, where, envelope).toString();

describe('an envelope', () => {
  it('opens as another implementation (WebCrypto) sealed it', () => {
    // Key 00 01 … 1f, IV a0 a1 … ab, additional data `signing_keys|private_sealed|sgk_1|org_1`.
    const vector = 'pe1.dek_00000000000000000000000001.oKGio6Slpqeoqaqr.vG0RDQeua8wSDOK_PVoDQUcvPpllAshSW4IaaR5C4N0';
    expect(open(vector)).toBe('Zum Beispiel: ß');
    expect(envelopeKeyId(vector)).toBe('dek_00000000000000000000000001');
  });

  it('opens in another implementation as it was sealed', async () => {
    const [, , iv = '', body = ''] = seal('grüß dich').split('.');
    const imported = await webcrypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
    const additionalData = Buffer.from('signing_keys|private_sealed|sgk_1|org_1');
    const algorithm = { name: 'AES-GCM', iv: Buffer.from(iv, 'base64url'), additionalData, tagLength: 128 };
    const plaintext = await webcrypto.subtle.decrypt(algorithm, imported, Buffer.from(body, 'base64url'));
    expect(Buffer.from(plaintext).toString()).toBe('grüß dich');
  });

  it('has the form pe1.<key id>.<96-bit IV>.<ciphertext and 128-bit tag>', () => {
    const [form, keyId, iv, body, ...rest] = seal('four').split('.');
    expect([form, keyId, rest]).toEqual(['pe1', 'dek_1', []]);
    expect(Buffer.from(iv ?? '', 'base64url')).toHaveLength(12);
    expect(Buffer.from(body ?? '', 'base64url')).toHaveLength(4 + 16);
  });

  it('gives back any text, and never looks the same twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        const sealed = seal(text);
        expect(open(sealed)).toBe(text);
        expect(seal(text)).not.toBe(sealed);
        if (text.length > 3) expect(sealed).not.toContain(text);
      }),
    );
  });

  it.each<[string, Partial<FieldPlace>]>([
    ['table', { table: 'idempotency_keys' }],
    ['column', { column: 'public_jwk' }],
    ['row', { rowId: 'sgk_2' }],
    ['organisation', { orgId: 'org_2' }],
    ['the whole installation', { orgId: null }],
  ])('does not open in another place: %s', (_what, moved) => {
    const sealed = seal('stay');
    expect(() => open(sealed, { ...place, ...moved })).toThrow();
    expect(open(sealed, { ...place })).toBe('stay');
  });

  it('does not open with another key', () => {
    const sealed = seal('mine');
    expect(() => openEnvelope(randomBytes(32), place, sealed)).toThrow();
    expect(openEnvelope(key, place, sealed).toString()).toBe('mine');
  });

  it('does not open when any of its bits was changed', () => {
    const [form, keyId, ...parts] = seal('all of it').split('.');
    const [iv, body] = parts.map((part) => Buffer.from(part, 'base64url'));
    for (const [index, part] of [iv, body].entries())
      for (let at = 0; at < (part?.length ?? 0) * 8; at += 5) {
        const changed = Buffer.from(part ?? '');
        changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7));
        const texts = [iv, body].map((each, which) => (which === index ? changed : each)?.toString('base64url'));
        expect(() => open([form, keyId, ...texts].join('.'))).toThrow();
      }
  });

  it.each([
    '',
    'plain text',
    'pe2.dek_1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA',
    'pe1.dek_1.AAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA',
    'pe1.dek_1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAA',
    'pe1..AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA',
    'pe1.dek_1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAA.x',
  ])('is not what does not look like one: %j', (text) => {
    expect(() => open(text)).toThrow('not an envelope');
    expect(() => envelopeKeyId(text)).toThrow('not an envelope');
  });
});
