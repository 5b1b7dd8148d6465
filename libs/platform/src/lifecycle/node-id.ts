import { newId } from '../ids/index.js';

/** What a process does: answers clients, works jobs only, or runs one command. */
export type NodeRole = 'api' | 'worker' | 'cli';

/** This process, from its start to its end. A restarted process is another node. */
export class NodeId {
  readonly value = newId('node');
  /** By the machine's clock. */
  readonly startedAt = new Date();

  constructor(
    readonly role: NodeRole,
    /** Version of the program. */
    readonly version: string,
  ) {}
}
