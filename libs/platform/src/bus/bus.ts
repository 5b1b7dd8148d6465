/** What travels on a channel. */
export interface BusMessage {
  /** This channel stands at N. Every mode carries it; `notify` coalesces to the greatest. */
  readonly wake?: number;
  /** JSON. `redis` carries it to the other nodes, `notify` does not. */
  readonly body?: unknown;
  /** By reference, to listeners of this process only; never serialised. */
  readonly local?: unknown;
}

/** `local`: published by this process. */
export type BusOrigin = 'local' | 'remote';

export type BusListener = (message: BusMessage, origin: BusOrigin) => void;

export interface BusSubscription {
  /** Resolves when messages of other nodes are heard too. Never rejects: while the line is away it waits. */
  readonly ready: Promise<void>;
  /** No listener call happens after this returns. Closing twice is harmless. */
  close(): void;
}

/**
 * - `process`: nobody else is there to hear.
 * - `redis`: messages reach the other nodes whole.
 * - `notify`: the other nodes hear `wake` numbers only, coalesced; behind it stands a poll of the log.
 */
export type BusMode = 'process' | 'redis' | 'notify';

/**
 * Wakes readers and carries deltas between the nodes. It may lose anything at any time: what must not
 * be lost is in the database, and whoever relies on wakes asks it on `onDoubt`.
 */
export abstract class Bus {
  /** May pass from `process` to `notify` when another process joins the embedded database; `onDoubt` tells. */
  abstract readonly mode: BusMode;

  /**
   * Delivers to the listeners of this process before it returns, and to other nodes soon after.
   * Never throws, is never awaited, never queues without bound: while the line is away it is dropped.
   */
  abstract publish(channel: string, message: BusMessage): void;

  /** A listener that throws is logged and hurts no other. */
  abstract subscribe(channel: string, listener: BusListener): BusSubscription;

  /** Whether other nodes can be heard and reached. The reason holds no address. */
  abstract state(): { healthy: boolean; reason?: string };

  /**
   * Called when the line to the other nodes is lost, when it is there again, and when another node is
   * met for the first time: wakes may have been missed. Returns the function that ends it.
   */
  abstract onDoubt(listener: () => void): () => void;
}
