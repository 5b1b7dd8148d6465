import { hkdfSync } from 'node:crypto';
import type { KeyRing } from '../../crypto/index.js';

/** Bytes that sign cursors: the same on all nodes and over restarts, known to nobody outside. */
export abstract class CursorKey {
  /** 32 bytes. */
  abstract bytes(): Buffer;
}

const KEY_BYTES = 32;

/** Taken from the installation's key ring once, at start: cursors are made in the middle of answers. */
export async function openCursorKey(ring: KeyRing): Promise<CursorKey> {
  const leaf = await ring.take({ level: 'leaf', purpose: 'cursor', orgId: null, subject: null });
  const bytes = Buffer.from(hkdfSync('sha256', leaf.key, '', 'parley cursor', KEY_BYTES));
  return { bytes: () => bytes };
}
