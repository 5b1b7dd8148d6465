import { AppError, platformErrors } from '../errors/index.js';

/** SQLSTATEs and socket errors that mean: the server is away, not: the statement is wrong. */
const UNAVAILABLE = new Set([
  '25P03',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08000',
  '08003',
  '08006',
  '08001',
  '08004',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/**
 * Classes of SQLSTATE: rolled back in favour of another, out of something, cancelled or shutting down, a failing disk.
 */
const PASSING = new Set(['40', '53', '57', '58']);
const LOCK_NOT_AVAILABLE = '55P03';
const LOST =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|Client has encountered a connection error|not queryable/i;

function memberOf(thrown: unknown, name: string): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !(name in thrown)) return undefined;
  const value: unknown = Reflect.get(thrown, name);
  return typeof value === 'string' ? value : undefined;
}

/** SQLSTATE of something that node-postgres threw. */
export function sqlState(thrown: unknown): string | undefined {
  return memberOf(thrown, 'code');
}

/** Code of a failed system call, e.g. ENOENT. */
export function systemErrorCode(thrown: unknown): string | undefined {
  return memberOf(thrown, 'code');
}

/** Name of the constraint that a unique (23505), foreign key (23503) or check (23514) violation hit. */
export function violatedConstraint(thrown: unknown): string | undefined {
  const state = sqlState(thrown);
  return state?.startsWith('23') ? memberOf(thrown, 'constraint') : undefined;
}

/** Whether the server is away or the line to it is cut; a wrong statement is neither. */
export function isConnectionLost(thrown: unknown): boolean {
  return UNAVAILABLE.has(sqlState(thrown) ?? '') || (thrown instanceof Error && LOST.test(thrown.message));
}

/**
 * A flight lost its connection, or a transaction's was dead before it began: on another one it may be tried again.
 * The cause is what was thrown.
 */
export class TryAgain extends Error {
  constructor(cause: unknown) {
    super('the connection was lost', { cause });
  }
}

/** Whether the same may succeed a little later: nothing is wrong with the statement or its values. */
export function isPassing(thrown: unknown): boolean {
  const state = sqlState(thrown) ?? '';
  return (
    platformErrors.DATABASE_UNAVAILABLE.is(thrown) ||
    isConnectionLost(thrown) ||
    state === LOCK_NOT_AVAILABLE ||
    PASSING.has(state.slice(0, 2))
  );
}

/** A prepared statement whose result a migration has changed since (0A000): its connection must be replaced. */
export function isStalePlan(thrown: unknown): boolean {
  return sqlState(thrown) === '0A000' && thrown instanceof Error && thrown.message.includes('cached plan');
}

/** A lost or refused connection becomes DATABASE_UNAVAILABLE; everything else stays what it was. */
export function translateDatabaseError(thrown: unknown): unknown {
  if (thrown instanceof AppError || !isConnectionLost(thrown)) return thrown;
  return platformErrors.DATABASE_UNAVAILABLE({ cause: thrown, retryAfter: 1 });
}
