import { isTimeZone, languageName } from '../../settings/value-types.js';
import type { TextChatSettings } from './text-chat.settings.js';

/** The fixed sentences of the system prompt. Each setting has one per value, and no setting shares one. */
const STYLES: Readonly<Record<TextChatSettings['response_style'], string>> = {
  conversational: 'Write as in a friendly conversation: natural, direct, without stiffness.',
  formal: 'Write formally: complete sentences, no colloquial words, no contractions.',
  technical: 'Write technically: exact terms, precise steps, numbers with units, no ornament.',
  creative: 'Write creatively: vivid words, fresh comparisons, varied rhythm.',
  concise: 'Write concisely: the shortest answer that is complete, without preamble.',
};

const FORMALITY: Readonly<Record<TextChatSettings['formality_level'], string>> = {
  casual: 'Address the user casually, as a friend would.',
  moderate: '',
  formal: 'Address the user formally and politely.',
};

const EXPERTISE: Readonly<Record<TextChatSettings['expertise_level'], string>> = {
  general: '',
  specialized: 'The reader knows the basics of the field: explain only what goes beyond them.',
  expert: 'The reader is an expert of the field: use its terms without explaining them.',
};

const FORMATS: Readonly<Record<TextChatSettings['response_format'], string>> = {
  text: 'Answer in plain text without any markup.',
  markdown: 'Answer in Markdown.',
  html: 'Answer with an HTML fragment: no doctype, no html, head or body element, no scripts.',
  json: 'Answer with one JSON value that fits the given JSON Schema, and with nothing else.',
};

export function styleLines({ response_style, formality_level, expertise_level }: TextChatSettings): string[] {
  return [STYLES[response_style], FORMALITY[formality_level], EXPERTISE[expertise_level]].filter((line) => line !== '');
}

export function formatLine({ response_format }: TextChatSettings): string {
  return FORMATS[response_format];
}

/** @param language BCP 47 tag, or null for the user's own */
export function languageLine(language: string | null): string {
  if (language === null) return 'Answer in the language of the user’s message.';
  return `Answer in ${languageName(language)} (${language}), whatever the language of the message.`;
}

/** Day and zone, so that a prompt stays the same for a day and can be cached by providers. */
export function dateLine(at: Date, timeZone: string): string {
  const zone = isTimeZone(timeZone) ? timeZone : 'UTC';
  return `Today is ${dayFormat(zone).format(at)} (time zone ${zone}).`;
}

export function missingLine(components: readonly string[]): string {
  return `Not available in this turn: ${components.join(', ')}. Say so where it matters, and do not pretend otherwise.`;
}

const days = new Map<string, Intl.DateTimeFormat>();

/** There are some 600 zones; making a format is dear. Names in odd cases must not fill the memory. */
function dayFormat(timeZone: string): Intl.DateTimeFormat {
  const known = days.get(timeZone);
  if (known !== undefined) return known;
  if (days.size >= 1000) days.clear();
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'full' });
  days.set(timeZone, format);
  return format;
}
