import { setTimeout as sleep } from 'node:timers/promises';
import type { Outgoing, Receipt } from './wire.js';
import { Refusal } from './wire.js';

const PAUSE_MS = 120;

/** A message that was acknowledged, with every receipt that its repetitions have got. */
export interface Acknowledged extends Outgoing {
  readonly receipt: Receipt;
  /** Tries until the first receipt. */
  readonly tries: number;
}

/**
 * Sends one message until it is acknowledged: after every doubt once more, under the same id.
 * @throws Refusal that will not pass; Error when it is not acknowledged in time
 */
export async function sendSurely(
  message: Outgoing,
  send: (message: Outgoing) => Promise<Receipt>,
  patienceMs: number,
): Promise<Acknowledged> {
  const until = Date.now() + patienceMs;
  for (let tries = 1; ; tries += 1) {
    try {
      return { ...message, receipt: await send(message), tries };
    } catch (error) {
      if (error instanceof Refusal && !error.passes) throw error;
      if (Date.now() > until) throw new Error(`${message.client_message_id} was not acknowledged`, { cause: error });
      await sleep(PAUSE_MS);
    }
  }
}
