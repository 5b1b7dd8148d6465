/** Last words of member names whose values are secrets, whatever they look like. */
const SECRET_WORDS = new Set([
  'password',
  'passwords',
  'passwd',
  'passphrase',
  'token',
  'key',
  'secret',
  'secrets',
  'authorization',
  'cookie',
  'cookies',
  'code',
  'otp',
  'totp',
  'seed',
  'signature',
  'kek',
]);

/** Codes that say what went wrong (`RUN_IN_PROGRESS`, `ECONNRESET`, SQLSTATE), not codes that let somebody in. */
const ERROR_CODE = /^(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|E[A-Z]{3,15}|[0-9A-Z]{5})$/;

/** What stands before `code` where it lets nobody in: `status_code`, `exitCode`. */
const HARMLESS_CODES = new Set(['status', 'exit', 'error', 'close', 'language', 'country', 'reason']);

/** Cheap sign that one of the patterns below might match; most lines have none. */
const SUSPICIOUS =
  /pr[lt]_|pdt_|psg_|eyJ|earer\s|asic\s|-----BEGIN|sk-|[sr]k_|AIza|xox|gh[pousr]_|github_pat_|AKIA|hf_|gsk_|:\/\/[^/\s]{0,256}@/i;

/** Each pattern is linear: bounded repetitions of one class, nothing nested. */
const PATTERNS: ReadonlyArray<readonly [RegExp, string]> = [
  [/-----BEGIN [A-Z ]{2,40}-----[^-]{0,20000}(?:-----END [A-Z ]{2,40}-----)?/g, 'pem'],
  [/\beyJ[A-Za-z0-9_-]{5,4096}\.[A-Za-z0-9_-]{2,8192}\.[A-Za-z0-9_-]{0,2048}/g, 'jwt'],
  [/\bprl_[A-Za-z0-9_-]{6,256}/g, 'api_key'],
  [/\bprt_[A-Za-z0-9_-]{6,256}/g, 'refresh_token'],
  [/\bpdt_[A-Za-z0-9_.-]{6,256}/g, 'device_token'],
  [/\bpsg_[A-Za-z0-9_-]{6,256}/g, 'signing_secret'],
  [/\b(?:sk|rk)[-_][A-Za-z0-9_-]{16,256}/g, 'provider_key'],
  [/\bAIza[A-Za-z0-9_-]{30,64}/g, 'provider_key'],
  [/\b(?:xox[abeoprs]-|gh[pousr]_|github_pat_|hf_|gsk_)[A-Za-z0-9_-]{16,256}/g, 'provider_key'],
  [/\bAKIA[A-Z0-9]{16}\b/g, 'provider_key'],
];
const BEARER = /\b(bearer|basic)\s+(?!\[REDACTED)[A-Za-z0-9._~+/=-]{6,8192}/gi;
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"'<>]{1,256}@/gi;

const DEEPEST = 8;

const redacted = (kind: string): string => `[REDACTED:${kind}]`;

/** Replaces what looks like a credential in a text: tokens, keys, PEM blocks, addresses with a password. */
export function redactText(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  let result = text;
  for (const [pattern, kind] of PATTERNS) result = result.replace(pattern, redacted(kind));
  return result
    .replace(BEARER, (_, scheme: string) => `${scheme} ${redacted('credential')}`)
    .replace(URL_CREDENTIALS, (_, scheme: string) => `${scheme}${redacted('credential')}@`);
}

const names = new Map<string, string | undefined>();
const MOST_NAMES = 5000;

/** The kind of secret that a member of this name holds, if it does. */
function secretKind(name: string): string | undefined {
  if (names.has(name)) return names.get(name);
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  const last = words.at(-1) ?? '';
  const plain = last === 'code' && HARMLESS_CODES.has(words.at(-2) ?? '');
  const kind = SECRET_WORDS.has(last) && !plain ? last : undefined;
  if (names.size < MOST_NAMES) names.set(name, kind);
  return kind;
}

function redactMember(name: string, value: unknown, depth: number): unknown {
  const kind = secretKind(name);
  if (kind === undefined || value === null || value === undefined || typeof value === 'boolean') {
    return redactValue(value, depth);
  }
  if (kind === 'code' && typeof value === 'string' && ERROR_CODE.test(value)) return value;
  return redacted(kind);
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  // Errors, dates and buffers have serialisers of their own; the finished line is searched again.
  if (typeof value !== 'object' || value === null || value instanceof Error || value instanceof Date) return value;
  if (depth >= DEEPEST) return '[TOO DEEP]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  return redactMembers(value, depth + 1);
}

function redactMembers(value: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) copy[name] = redactMember(name, member, depth);
  return copy;
}

/**
 * A copy without secrets, for logs, traces, error tracking and audit: members named like one at any
 * depth, and texts that look like one, become `[REDACTED:<kind>]`.
 */
export function redact(value: object): Record<string, unknown> {
  return redactMembers(value, 0);
}
