/** Whole values, in lower case, that stand in tutorials, images and templates. */
const KNOWN = new Set([
  'admin',
  'admin123',
  'default',
  'letmein',
  'parley',
  'passw0rd',
  'password',
  'password1',
  'password123',
  'postgres',
  'redis',
  'secret',
  'supersecret',
  'test',
  'changeit',
  'your-256-bit-secret',
  'a-string-secret-at-least-256-bits-long',
  'my_secret',
  'keyboard cat',
  'shhhhh',
]);

/** Words of templates, wherever they stand; `my_key`, `your-api-key-here` and the like as a whole. */
const PLACEHOLDERS = [
  /change[-_ ]?(me|this|it)\b/i,
  /replace[-_ ]?(me|this|with)/i,
  /example/i,
  /x{8,}/i,
  /^<.*>$|^\$\{.*\}$/,
  /^(your|my|an?|the|some)([-_ ][a-z0-9]+)*[-_ ](key|secret|password|token)([-_ ]here)?$/i,
];

/** Whether a secret is one that somebody copied from a document instead of making it. */
export function holdsExampleValue(value: unknown): boolean {
  if (typeof value === 'string') return isExample(credentialOf(value));
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsExampleValue);
}

/** Of an address only its password is secret; `db.example.org` in it is not a sign of anything. */
function credentialOf(text: string): string {
  const inAddress = /^[a-z][a-z0-9+]*:\/\/(?:([^@/]*)@)?/i.exec(text);
  if (inAddress === null) return text;
  return inAddress[1]?.replace(/^[^:]*:?/, '') ?? '';
}

function isExample(text: string): boolean {
  return KNOWN.has(text.toLowerCase()) || PLACEHOLDERS.some((words) => words.test(text)) || isMadeUpKey(text);
}

/** 32 bytes that nobody drew: few different ones (all zero), or readable text in base64. */
function isMadeUpKey(text: string): boolean {
  const bytes = /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : Buffer.alloc(0);
  if (bytes.length !== 32) return false;
  const ascending = bytes.every((byte, index) => index === 0 || byte === (bytes[index - 1] ?? 0) + 1);
  // 32 drawn bytes repeat so rarely that fewer than 20 different ones, or only printable ones, do not happen.
  return ascending || new Set(bytes).size < 20 || bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
}
