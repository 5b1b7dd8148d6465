import { randomFillSync } from 'node:crypto';
import { monotonicFactory } from 'ulid';

/** Prefixes of public ids; each names one kind of object. */
export const ID_PREFIXES = {
  organisation: 'org',
  user: 'usr',
  service: 'svc',
  trial: 'trl',
  login: 'lgn',
  session: 'ses',
  message: 'msg',
  run: 'run',
  feedback: 'fbk',
  job: 'job',
  dataKey: 'dek',
  signingKey: 'sgk',
  node: 'nod',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

/** Random bytes are drawn by the thousand: asking the system for each of an id's sixteen costs more than the id. */
const pool = Buffer.allocUnsafe(4096);
let drawn = pool.length;

/** A random fraction in [0, 1), one byte of it: `ulid` takes five bits a character. */
function randomFraction(): number {
  if (drawn === pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  const byte = pool.readUInt8(drawn);
  drawn += 1;
  return byte / 256;
}

const nextUlid = monotonicFactory(randomFraction);
const BODY = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/**
 * A new opaque id `<prefix>_<ULID>`: 48 bits of milliseconds and 80 random bits, increasing within
 * one process even inside a millisecond, so that bytewise order is the order of creation.
 */
export function newId(kind: IdKind): string {
  return `${ID_PREFIXES[kind]}_${nextUlid()}`;
}

/** Whether a text from outside has the shape of an id of that kind. A malformed one is a 404, never a 500. */
export function isId(kind: IdKind, text: string): boolean {
  const prefix = ID_PREFIXES[kind];
  return (
    text.length === prefix.length + 27 && text.startsWith(`${prefix}_`) && BODY.test(text.slice(prefix.length + 1))
  );
}
