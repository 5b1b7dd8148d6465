import { isIP } from 'node:net';
import { type Assignment, variableOf } from './assignment.js';
import { holdsExampleValue } from './example-values.js';
import type { Config } from './schema.js';
import { databaseUrl, isExactOrigin } from './shapes.js';

/** Says what is wrong with a key; left out, the source is whoever set what counts. */
export type Refuse = (name: string, problem: string, source?: string) => void;

/** What can be told from the configuration alone and must not reach production. */
export function judgeProduction(config: Config, assignments: readonly Assignment[], refuse: Refuse): void {
  judgeKeys(config, refuse);
  judgeSecrets(assignments, refuse);
  judgeDoors(config, refuse);
  judgeLines(config, refuse);
}

function judgeKeys({ keys }: Config, refuse: Refuse): void {
  if (keys.source === 'file')
    refuse('keys.source', 'expected env: production never keeps this key in the data directory');
  else if (keys.kek === null && keys.source === null)
    refuse('keys.kek', 'missing: production needs base64 of 32 bytes (openssl rand -base64 32)');
}

/** A secret in a file counts as given away even where the environment overrules it. */
function judgeSecrets(assignments: readonly Assignment[], refuse: Refuse): void {
  for (const { key, value, from, source } of assignments) {
    if (!key.secret || isNothing(value)) continue;
    if (from === 'file') {
      refuse(
        key.name,
        `a secret in a file of configuration: set ${variableOf(key)} or ${variableOf(key)}_FILE`,
        source,
      );
    }
    if (holdsExampleValue(value)) refuse(key.name, 'holds a known example value: make one of your own', source);
  }
}

function isNothing(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

function judgeDoors({ cors, http, log }: Config, refuse: Refuse): void {
  if (!cors.origins.every(isExactOrigin)) refuse('cors.origins', 'expected exact origins, never * or null');
  if (http.allowed_hosts.length === 0) refuse('http.allowed_hosts', 'missing: production names the hosts it serves');
  if (log.bodies) refuse('log.bodies', 'expected false: bodies are written in development only');
}

function judgeLines({ database, redis }: Config, refuse: Refuse): void {
  const open = 'expected TLS to another host (or allow_plaintext)';
  if (!database.allow_plaintext) {
    if (isOpenDatabase(database.url)) refuse('database.url', `${open}: add sslmode=verify-full`);
    if (isOpenDatabase(database.migration_url)) refuse('database.migration_url', `${open}: add sslmode=verify-full`);
  }
  if (!redis.allow_plaintext && isOpenRedis(redis.url)) refuse('redis.url', `${open}: use rediss://`);
}

const ENCRYPTED_MODES = new Set(['require', 'verify-ca', 'verify-full', 'no-verify']);

function isOpenDatabase(text: string | null): boolean {
  const url = text === null ? undefined : databaseUrl(text);
  if (url === undefined || isThisMachine(url.searchParams.get('host') ?? url.hostname)) return false;
  const ssl = url.searchParams.get('ssl') ?? '';
  return !ENCRYPTED_MODES.has(url.searchParams.get('sslmode') ?? '') && ssl !== 'true' && ssl !== '1';
}

function isOpenRedis(text: string | null): boolean {
  const url = text === null ? undefined : new URL(text);
  return url?.protocol === 'redis:' && !isThisMachine(url.hostname);
}

/** Loopback, or a folder of Unix sockets. */
function isThisMachine(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (bare === '' || bare === 'localhost' || bare.startsWith('/') || bare.startsWith('%2f')) return true;
  return isIP(bare) === 4 ? bare.startsWith('127.') : bare === '::1';
}
