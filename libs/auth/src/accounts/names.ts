import { isEmail, ValidateBy, type ValidationOptions } from 'class-validator';

/** A sign-in name as it is shown, and as it is compared. */
export interface Name {
  readonly shown: string;
  /** Compared, unique over the whole installation. */
  readonly key: string;
}

/** Whoever wants to sign in names an address or a username, never both. */
export type Identifier =
  | { readonly kind: 'email'; readonly key: string }
  | { readonly kind: 'username'; readonly key: string };

const LONGEST_EMAIL = 254;
const USERNAME = { min: 3, max: 50 };
/** Control, format, unassigned, private-use and surrogate characters, and every kind of line or paragraph end. */
const UNSHOWN = /[\p{C}\p{Zl}\p{Zp}]/u;

/** Trimmed, in NFKC; compared in lower case. */
export function toName(text: string): Name {
  const shown = text.normalize('NFKC').trim();
  // Lower-casing may leave NFKC (İ becomes i and a combining dot): the key is brought back to it.
  return { shown, key: shown.toLowerCase().normalize('NFKC') };
}

/** An e-mail address of at most 254 visible characters, judged after it was trimmed and brought to NFKC. */
export function isEmailName(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > 4 * LONGEST_EMAIL) return false;
  const { shown } = toName(value);
  return shown.length <= LONGEST_EMAIL && !UNSHOWN.test(shown) && isEmail(shown, { allow_utf8_local_part: true });
}

/** 3 to 50 visible characters; no `@`, so that it can never look like somebody's address. */
export function isUsername(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > 16 * USERNAME.max) return false;
  const { shown } = toName(value);
  const length = [...shown].length;
  return length >= USERNAME.min && length <= USERNAME.max && !shown.includes('@') && !UNSHOWN.test(shown);
}

export const IsEmailName = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isEmail',
      validator: { validate: isEmailName, defaultMessage: () => '$property must be an e-mail address' },
    },
    options,
  );

export const IsUsername = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isUsername',
      validator: {
        validate: isUsername,
        defaultMessage: () =>
          `$property must have ${USERNAME.min} to ${USERNAME.max} visible characters and no at sign`,
      },
    },
    options,
  );
