/**
 * How an attempt at a provider failed:
 * - `connection`: no connection, or it broke.
 * - `status`: an HTTP error.
 * - `malformed`: bytes that are no answer.
 * - `error`: the provider reported an error inside a stream.
 * - `cut`: the stream ended without a finish reason.
 * - `empty`: a whole reply without text.
 * - `silence`: nothing came for too long.
 * - `circuit`: not asked, see `ProviderGate`.
 */
export type FailureKind = 'connection' | 'status' | 'malformed' | 'error' | 'cut' | 'empty' | 'silence' | 'circuit';

export interface FailureFacts {
  readonly status?: number;
  /** What the provider asked for in `Retry-After`, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The provider's own short code, where it is a plain word. */
  readonly code?: string;
  /**
   * The adapter has learnt something from the refusal (e.g. that the server takes no JSON Schema) and asks
   * differently from now on: the same call is worth sending once more at once.
   */
  readonly adapted?: boolean;
  /** How long nothing came, where that was the failure. */
  readonly silenceMs?: number;
  readonly cause?: unknown;
}

interface KindOfFailure {
  /** For logs and details; the status and the provider's code are added. */
  readonly says: string;
  /** Whether the one retry rule lets the same model be asked again before the first token. */
  readonly retry: boolean | 'by status';
  /** Whether it says something about the provider's health, rather than about this one request. */
  readonly health: boolean | 'by status';
}

const KINDS: Readonly<Record<FailureKind, KindOfFailure>> = {
  connection: { says: 'could not be reached, or broke off', retry: true, health: true },
  status: { says: 'answered with an error', retry: 'by status', health: 'by status' },
  malformed: { says: 'sent bytes that are no answer', retry: true, health: true },
  error: { says: 'reported an error in its stream', retry: 'by status', health: 'by status' },
  cut: { says: 'ended its stream without a finish reason', retry: true, health: true },
  empty: { says: 'sent an empty reply', retry: true, health: false },
  silence: { says: 'said nothing for too long', retry: false, health: true },
  circuit: { says: 'is not asked for a while after repeated failures', retry: false, health: false },
};

/** How one try at a provider went wrong. Its message is for logs: it holds no address, key or text. */
export class ProviderFailure extends Error {
  override readonly name = 'ProviderFailure';

  constructor(
    readonly kind: FailureKind,
    readonly facts: FailureFacts = {},
  ) {
    super(describe(kind, facts), facts.cause === undefined ? undefined : { cause: facts.cause });
  }

  get retryable(): boolean {
    const { retry } = KINDS[this.kind];
    return retry === 'by status' ? isTransient(this.facts.status) : retry;
  }

  /** 429 is about our rate and not about the provider's health. */
  get countsAgainstProvider(): boolean {
    const { health } = KINDS[this.kind];
    return health === 'by status' ? isTransient(this.facts.status) && this.facts.status !== 429 : health;
  }
}

/** 408, 429 and 5xx; an error inside a stream without a status counts as 5xx. */
function isTransient(status: number | undefined): boolean {
  return status === undefined || status === 408 || status === 429 || status >= 500;
}

function describe(kind: FailureKind, { status, code }: FailureFacts): string {
  const about = [status, code].filter((fact) => fact !== undefined).join(' ');
  return about === '' ? KINDS[kind].says : `${KINDS[kind].says} (${about})`;
}
