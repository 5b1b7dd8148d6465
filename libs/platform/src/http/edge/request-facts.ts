import type { IncomingMessage } from 'node:http';
import type { RequestContext } from '../../observability/index.js';

/** What the edge knows of a request while it lasts. */
export interface RequestFacts {
  readonly context: RequestContext;
  /** `performance.now()` when its headers had arrived. */
  readonly startedAt: number;
  /** Ends the request when it lasts too long; lifted for streams and waits. */
  deadline?: NodeJS.Timeout;
  /** Code of the problem it was answered with. */
  problem?: string;
}

const facts = new WeakMap<IncomingMessage, RequestFacts>();

export function setFacts(request: IncomingMessage, known: RequestFacts): void {
  facts.set(request, known);
}

export function factsOf(request: IncomingMessage): RequestFacts | undefined {
  return facts.get(request);
}

/** For answers that stream or wait for a model: from here on the route itself bounds its time. */
export function liftDeadline(request: IncomingMessage): void {
  clearTimeout(facts.get(request)?.deadline);
}

/** Health probes come from machines that know neither names nor certificates. */
const PROBE = /^\/(?:api\/(?:v1\/)?)?health(?:\/(?:live|ready))?\/?$/;

export const isProbe = (path: string): boolean => PROBE.test(path);

/** The path of an address, without its query. */
export function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}
