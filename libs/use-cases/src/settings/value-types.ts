import { z } from 'zod';

/** A text of `min` to `max` code points: Zod itself would count UTF-16 units. */
export function text(max: number, min = 0): z.ZodString {
  return z.string().meta({ ...(min > 0 ? { minLength: min } : {}), maxLength: max });
}

/** A BCP 47 tag that names a language, such as `de` or `pt-BR`. */
export function languageTag(): z.ZodString {
  return z
    .string()
    .meta({ maxLength: 35 })
    .refine((tag) => isAccepted(() => languages.of(tag)), 'is no BCP 47 language tag');
}

const languages = new Intl.DisplayNames('en', { type: 'language' });

/** The name of a tag in English; the tag itself where it has none. */
export function languageName(tag: string): string {
  return languages.of(tag) ?? tag;
}

/** An IANA name, such as `Europe/Berlin`. */
export function timeZone(): z.ZodString {
  return z.string().meta({ maxLength: 64 }).refine(isTimeZone, 'is no IANA time zone');
}

const zones = new Set([...Intl.supportedValuesOf('timeZone'), 'UTC']);

export function isTimeZone(name: string): boolean {
  return zones.has(name) || isAccepted(() => new Intl.DateTimeFormat('en', { timeZone: name }));
}

function isAccepted(use: () => unknown): boolean {
  try {
    use();
    return true;
  } catch {
    return false;
  }
}
