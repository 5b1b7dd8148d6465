/** What a limit counts by. Addresses of IPv6 count as their /64. */
export type LimitKey = 'address' | 'recipient' | 'principal' | 'login' | 'connection';

export interface LimitRule {
  readonly key: LimitKey;
  /** Calls that pass in one window. */
  readonly limit: number;
  readonly perSeconds: number;
  /** Token bucket: what the first second may hold at most; absent: fixed window. */
  readonly burst?: number;
}

const MINUTE = 60;
const HOUR = 3600;

/** Classes and defaults of every request limit; configuration may override each by its name. */
export const LIMIT_CLASSES = {
  'auth.login': [{ key: 'address', limit: 5, perSeconds: MINUTE }],
  'auth.verify': [{ key: 'address', limit: 20, perSeconds: MINUTE }],
  'auth.register': [{ key: 'address', limit: 5, perSeconds: MINUTE }],
  'auth.mail': [
    { key: 'recipient', limit: 3, perSeconds: HOUR },
    { key: 'address', limit: 10, perSeconds: HOUR },
  ],
  'auth.refresh': [{ key: 'login', limit: 30, perSeconds: MINUTE }],
  'auth.token': [{ key: 'login', limit: 30, perSeconds: MINUTE }],
  anonymous: [{ key: 'address', limit: 60, perSeconds: MINUTE }],
  docs: [{ key: 'address', limit: 60, perSeconds: MINUTE }],
  health: [{ key: 'address', limit: 300, perSeconds: MINUTE }],
  read: [{ key: 'principal', limit: 600, perSeconds: MINUTE }],
  write: [{ key: 'principal', limit: 120, perSeconds: MINUTE }],
  'sessions.create': [{ key: 'principal', limit: 30, perSeconds: MINUTE }],
  'messages.send': [{ key: 'principal', limit: 60, perSeconds: MINUTE }],
  'media.upload': [{ key: 'principal', limit: 30, perSeconds: MINUTE }],
  'use_case.test': [{ key: 'principal', limit: 10, perSeconds: MINUTE }],
  search: [{ key: 'principal', limit: 60, perSeconds: MINUTE }],
  export: [{ key: 'principal', limit: 60, perSeconds: HOUR }],
  'admin.read': [{ key: 'principal', limit: 300, perSeconds: MINUTE }],
  'admin.write': [{ key: 'principal', limit: 60, perSeconds: MINUTE }],
  'socket.connect': [{ key: 'address', limit: 30, perSeconds: MINUTE }],
  'socket.frame': [{ key: 'connection', limit: 20, perSeconds: 1, burst: 40 }],
} as const satisfies Readonly<Record<string, readonly LimitRule[]>>;

export type LimitClassName = keyof typeof LIMIT_CLASSES;

export function isLimitClass(name: string): name is LimitClassName {
  return Object.hasOwn(LIMIT_CLASSES, name);
}
