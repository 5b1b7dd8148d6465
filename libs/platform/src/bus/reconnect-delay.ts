const FIRST_MS = 100;
const LONGEST_MS = 5000;

/**
 * Milliseconds before the n-th new try (n from 1): doubling from 0.1 s to 5 s, of which a random half,
 * so that nodes that lost the same server do not come back in step. It never gives up.
 */
export function reconnectDelay(attempt: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 16));
  return Math.round(whole * (0.5 + Math.random() / 2));
}
