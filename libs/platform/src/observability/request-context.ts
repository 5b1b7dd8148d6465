import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

/** Whoever a request or frame turned out to come from; ids only. */
export interface ContextPrincipal {
  readonly principalId: string;
  readonly orgId: string;
  /** The login or key that was shown; null where the program itself acts. */
  readonly loginId: string | null;
}

/** What every log line, job and outgoing call of one request, frame or job should know. */
export interface RequestContext {
  readonly correlationId: string;
  /** W3C trace context as it came in, when it was well-formed. */
  readonly traceparent?: string;
  principal?: ContextPrincipal;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` so that everything it starts, awaited or not, sees this context. */
export function runWithContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

const CORRELATION_ID = /^[A-Za-z0-9._-]{1,64}$/;
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

type HeaderValue = string | readonly string[] | undefined;

/** The context of a request or handshake: the caller's correlation id where it is well-formed, else a new one. */
export function newContext(headers: Readonly<Record<string, HeaderValue>> = {}): RequestContext {
  const { 'x-correlation-id': given, traceparent: trace } = headers;
  return {
    correlationId: typeof given === 'string' && CORRELATION_ID.test(given) ? given : randomUUID(),
    ...(typeof trace === 'string' && TRACEPARENT.test(trace) ? { traceparent: trace } : {}),
  };
}

export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}

export function correlationId(): string | undefined {
  return storage.getStore()?.correlationId;
}

export function traceparent(): string | undefined {
  return storage.getStore()?.traceparent;
}

export function contextPrincipal(): ContextPrincipal | undefined {
  return storage.getStore()?.principal;
}

/**
 * Tells limits, idempotency, cursors and the log who is asking. The authentication guard calls it
 * as soon as it knows (an `Actor` fits); outside of a context it does nothing.
 */
export function identify(principal: ContextPrincipal): void {
  const context = storage.getStore();
  if (context !== undefined) {
    context.principal = { principalId: principal.principalId, orgId: principal.orgId, loginId: principal.loginId };
  }
}
