import type { IncomingHttpHeaders } from 'node:http';

/** Tokens. */
export interface FakeUsage {
  readonly input: number;
  readonly output: number;
}

export type DialectName = 'openai' | 'anthropic' | 'google';

/** One request as the server saw it. Times are milliseconds since the epoch with fractions. */
export interface FakeRequest {
  /** Number of the request on this server, from 1. */
  readonly n: number;
  readonly kind: 'chat' | 'embeddings';
  readonly dialect: DialectName;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The client's port: the same for calls over one connection. */
  readonly remotePort: number;
  readonly body: unknown;
  readonly model: string;
  /** Last user message. */
  readonly user: string;
  /** All system messages, joined by a line break. */
  readonly system: string;
  readonly schema: { readonly name: string; readonly schema: unknown } | null;
  readonly stream: boolean;
  readonly at: number;
  readonly inputTokens: number;
  readonly status: number | null;
  readonly firstTokenAt: number | null;
  readonly endedAt: number | null;
  /** The client closed the line before the answer was whole. */
  readonly aborted: boolean;
  /** The script closed it. */
  readonly cut: boolean;
  /** What was reported to the client; null where nothing was. */
  readonly usage: FakeUsage | null;
  /** Text that was sent, also of an answer that was cut. */
  readonly sent: string;
}

/** The server's own, writable view of a request. */
export type OpenRequest = { -readonly [K in keyof FakeRequest]: FakeRequest[K] };

export type FakeFilter =
  | ((request: FakeRequest) => boolean)
  | {
      readonly user?: RegExp;
      readonly system?: RegExp;
      readonly schema?: string;
      readonly model?: string;
      readonly kind?: FakeRequest['kind'];
      readonly correlationId?: string;
    };

/** A request that has just arrived, before anything was answered. */
export function openRequest(arrived: ArrivedRequest): OpenRequest {
  return {
    ...arrived,
    status: 200,
    firstTokenAt: null,
    endedAt: null,
    aborted: false,
    cut: false,
    usage: null,
    sent: '',
  };
}

type Outcome = 'status' | 'firstTokenAt' | 'endedAt' | 'aborted' | 'cut' | 'usage' | 'sent';
export type ArrivedRequest = Omit<FakeRequest, Outcome>;

export function matches(request: FakeRequest, filter: FakeFilter | undefined): boolean {
  if (filter === undefined) return true;
  if (typeof filter === 'function') return filter(request);
  return (
    isOrAbsent(filter.schema, request.schema?.name) &&
    isOrAbsent(filter.model, request.model) &&
    isOrAbsent(filter.kind, request.kind) &&
    isOrAbsent(filter.correlationId, request.headers['x-correlation-id']) &&
    isFoundOrAbsent(filter.user, request.user) &&
    isFoundOrAbsent(filter.system, request.system)
  );
}

export function isOrAbsent(wanted: string | undefined, actual: unknown): boolean {
  return wanted === undefined || wanted === actual;
}

/** `search` and not `test`: it does not depend on what a global expression matched before. */
export function isFoundOrAbsent(wanted: RegExp | undefined, text: string): boolean {
  return wanted === undefined || text.search(wanted) >= 0;
}
