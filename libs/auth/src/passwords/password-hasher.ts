import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { platformErrors } from '@parley/platform/errors';
import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import { AuthMetrics } from '../auth.metrics.js';
import { normalisePassword } from './password-policy.js';

/** argon2id, 19,456 KiB, two passes, one lane: the first of the choices that OWASP's cheat sheet recommends. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };
const SALT_BYTES = 16;
const MOST_WAITING = 100;

/** Milliseconds that one hash takes on this machine: the quickest of three, so that a busy moment does not count. */
export async function measurePasswordHash(): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    const begun = performance.now();
    await hash('a password like any other', COST);
    times.push(performance.now() - begun);
  }
  return Math.min(...times);
}

/**
 * Hashes passwords off the event loop, at most one fewer at a time than there are cores, so that
 * sign-ins never starve the rest of the process.
 */
@Injectable()
export class PasswordHasher {
  private readonly gate = bulkhead(Math.max(1, availableParallelism() - 1), MOST_WAITING);
  /** A hash that no password fits: its tag is random, not computed. */
  private readonly unfittable = unfittableHash();

  constructor(private readonly metrics: AuthMetrics) {
    metrics.watchWaitingHashes(() => MOST_WAITING - this.gate.queueSlots);
  }

  /**
   * @returns a PHC string
   * @throws OVERLOADED when 100 others are waiting
   */
  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(normalisePassword(password), COST));
  }

  /**
   * Costs one hash whatever is given: where there is none to compare with, one that nothing fits.
   * @throws OVERLOADED when 100 others are waiting
   */
  verify(stored: string | undefined, password: string): Promise<boolean> {
    return this.inTurn(() => verify(stored ?? this.unfittable, normalisePassword(password)));
  }

  /** Whether a stored hash is weaker than what is made today. */
  isOutdated(stored: string): boolean {
    const { memoryCost, timeCost, outputLen } = parseOptions(stored);
    const weaker = memoryCost < COST.memoryCost || timeCost < COST.timeCost || outputLen < COST.outputLen;
    return weaker || !stored.startsWith('$argon2id$');
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.gate.execute(() => this.metrics.timeHash(work));
    } catch (error) {
      if (error instanceof BulkheadRejectedError) throw platformErrors.OVERLOADED({ cause: error, retryAfter: 1 });
      throw error;
    }
  }
}

function unfittableHash(): string {
  const { memoryCost, timeCost, parallelism, outputLen } = COST;
  const costs = `m=${memoryCost},t=${timeCost},p=${parallelism}`;
  return `$argon2id$v=19$${costs}$${base64(SALT_BYTES)}$${base64(outputLen)}`;
}

/** Unpadded, as the PHC string format has it. */
function base64(bytes: number): string {
  return randomBytes(bytes).toString('base64').replace(/=+$/, '');
}
