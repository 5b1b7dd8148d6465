import { platformErrors } from '../../errors/index.js';

const MOST_PARAMETERS = 100;
const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/** Query members by name: each at most once, decoded. */
export type Query = Readonly<Record<string, string>>;

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw platformErrors.BAD_REQUEST({ detail: 'The query string is not percent-encoded UTF-8.', cause });
  }
}

function parsePart(part: string): readonly [name: string, value: string] {
  const equals = part.indexOf('=');
  const name = decode(equals === -1 ? part : part.slice(0, equals));
  const value = equals === -1 ? '' : decode(part.slice(equals + 1));
  if (FORBIDDEN_NAMES.has(name)) throw platformErrors.FORBIDDEN_KEY();
  if (name.includes('\0') || value.includes('\0')) throw platformErrors.INVALID_TEXT();
  return [name, value];
}

/**
 * @param search what follows the question mark
 * @throws BAD_REQUEST for a member given twice, for more than 100 and for broken encoding; INVALID_TEXT; FORBIDDEN_KEY
 */
export function parseQuery(search: string): Query {
  const parts = search.split('&', MOST_PARAMETERS + 1);
  if (parts.length > MOST_PARAMETERS) {
    throw platformErrors.BAD_REQUEST({ detail: `At most ${MOST_PARAMETERS} query parameters.` });
  }
  const query: Record<string, string> = {};
  for (const part of parts) {
    if (part === '') continue;
    const [name, value] = parsePart(part);
    if (Object.hasOwn(query, name)) throw platformErrors.BAD_REQUEST({ detail: 'A query parameter is given twice.' });
    query[name] = value;
  }
  return query;
}
