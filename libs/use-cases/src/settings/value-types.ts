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
    .refine((tag) => isAccepted(() => Intl.getCanonicalLocales(tag)), 'is no BCP 47 language tag');
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
