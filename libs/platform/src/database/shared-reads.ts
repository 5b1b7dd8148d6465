import type pg from 'pg';
import { isConnectionLost, isStalePlan } from './database.errors.js';
import { fly } from './flight.js';
import type { BoundStatement } from './statement.js';
import { wireOf } from './wire.js';

/** Reads that follow each other on one connection; beyond this they would wait for each other too long. */
const MOST_TOGETHER = 16;

interface Read {
  readonly orgId: string;
  readonly statements: readonly BoundStatement<unknown>[];
  readonly settle: (outcome: PromiseSettledResult<void>) => void;
}

/**
 * What is read at the same moment shares a connection and a write to it: requests come in crowds, and to write to
 * a socket costs more than to read a row. Each read stays a transaction of its own, with its own organisation, its
 * own answer and its own failure.
 */
export class SharedReads {
  private waiting: Read[] = [];
  private called = false;

  constructor(private readonly pool: pg.Pool) {}

  read(orgId: string, statements: readonly BoundStatement<unknown>[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: PromiseSettledResult<void>): void => {
        if (outcome.status === 'fulfilled') resolve();
        else reject(outcome.reason);
      };
      this.waiting.push({ orgId, statements, settle });
      this.callUp();
    });
  }

  /** After all that the sockets brought in this turn of the event loop. */
  private callUp(): void {
    if (this.called) return;
    this.called = true;
    setImmediate(() => void this.leave());
  }

  private async leave(): Promise<void> {
    const [found] = await Promise.allSettled([this.pool.connect()]);
    // Without a connection nobody waits for the next one to be refused.
    const together = this.waiting.splice(0, found.status === 'rejected' ? this.waiting.length : MOST_TOGETHER);
    this.called = false;
    if (this.waiting.length > 0) this.callUp();
    if (found.status === 'rejected') for (const { settle } of together) settle(found);
    else await readOn(found.value, together);
  }
}

async function readOn(client: pg.PoolClient, together: readonly Read[]): Promise<void> {
  const wire = wireOf(client);
  wire?.cork();
  const flights = together.map(({ orgId, statements }) => fly(client, orgId, statements));
  wire?.uncork();
  const outcomes = await Promise.allSettled(flights);
  client.release(outcomes.some(isUnusableAfter));
  for (const [i, outcome] of outcomes.entries()) together[i]?.settle(outcome);
}

function isUnusableAfter(outcome: PromiseSettledResult<void>): boolean {
  return outcome.status === 'rejected' && (isConnectionLost(outcome.reason) || isStalePlan(outcome.reason));
}
