import type { FieldError } from '@parley/platform/errors';
import { toName } from '../accounts/names.js';

/** What a password may not be, because it stands beside it. */
export interface PasswordOwner {
  readonly email?: string | null | undefined;
  readonly username?: string | null | undefined;
  readonly displayName?: string | null | undefined;
}

export type Weakness = 'too_short' | 'too_long' | 'too_few_kinds' | 'personal' | 'product_name' | 'common' | 'breached';

/** In characters (code points of the NFKC form). */
const LENGTH = { least: 8, longEnough: 14, most: 128 };
const KINDS_WANTED = 3;
const PRODUCT = 'parley';

const DETAILS: Readonly<Record<Weakness, string>> = {
  too_short: `It has fewer than ${LENGTH.least} characters.`,
  too_long: `It has more than ${LENGTH.most} characters.`,
  too_few_kinds: `With fewer than ${LENGTH.longEnough} characters it needs three of: small letters, capitals, digits, others.`,
  personal: 'It is the e-mail address, the username or the display name.',
  product_name: 'It is the name of this product with digits or signs around it.',
  common: 'It is among the most common passwords.',
  breached: 'It is in the list of passwords from known breaches.',
};

/** The form in which a password is judged, hashed and compared. It is never truncated. */
export function normalisePassword(password: string): string {
  return password.normalize('NFKC');
}

/** Everything that is wrong with a password by itself; lists of known ones are asked apart. */
export function weaknessesOf(password: string, owner: PasswordOwner): Weakness[] {
  const text = normalisePassword(password);
  const length = [...text].length;
  const found: Weakness[] = [];
  if (length < LENGTH.least) found.push('too_short');
  else if (length < LENGTH.longEnough && kindsIn(text) < KINDS_WANTED) found.push('too_few_kinds');
  if (length > LENGTH.most) found.push('too_long');
  if (personalWords(owner).has(text.toLowerCase())) found.push('personal');
  if (lettersInside(text.toLowerCase()) === PRODUCT) found.push('product_name');
  return found;
}

/** The findings as they travel in `errors[]` of WEAK_PASSWORD. */
export function describeWeaknesses(weaknesses: readonly Weakness[]): FieldError[] {
  return weaknesses.map((code) => ({ pointer: '/password', code, detail: DETAILS[code] }));
}

function kindsIn(text: string): number {
  const small = /\p{Ll}/u.test(text);
  const capital = /\p{Lu}/u.test(text);
  const digit = /\p{Nd}/u.test(text);
  const other = /[^\p{Ll}\p{Lu}\p{Nd}]/u.test(text);
  return Number(small) + Number(capital) + Number(digit) + Number(other);
}

function personalWords(owner: PasswordOwner): Set<string> {
  const email = owner.email === undefined || owner.email === null ? [] : [owner.email, localPart(owner.email)];
  const names = [...email, owner.username, owner.displayName].filter((name) => typeof name === 'string');
  return new Set(names.map((name) => toName(name).key).filter((key) => key !== ''));
}

function localPart(email: string): string {
  return email.slice(0, Math.max(0, email.lastIndexOf('@')));
}

function lettersInside(text: string): string {
  return text.replace(/^\P{L}+/u, '').replace(/\P{L}+$/u, '');
}
