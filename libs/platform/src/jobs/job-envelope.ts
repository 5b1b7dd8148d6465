import { z } from 'zod';
import { correlationId, traceparent } from '../observability/index.js';
import type { JobDefinition } from './define-job.js';

/** Characters of JSON: ids and small facts need no more, and content does not belong here. */
const LONGEST_PAYLOAD = 4096;

const envelope = z.object({
  payload: z.unknown(),
  correlation_id: z.string().optional(),
  traceparent: z.string().optional(),
});

export interface UnpackedJob<P> {
  readonly payload: P;
  readonly correlationId: string | undefined;
  readonly traceparent: string | undefined;
}

/** What is stored for a job: its payload, and what the request that sends it is known by. */
export function packJob<P extends object>(job: JobDefinition<P>, payload: P): object {
  const parsed = job.payload.safeParse(payload);
  if (!parsed.success) throw new Error(`payload of ${job.name}: ${explain(parsed.error)}`);
  if (JSON.stringify(payload).length > LONGEST_PAYLOAD) throw new Error(`payload of ${job.name} is too long`);
  return { payload, correlation_id: correlationId(), traceparent: traceparent() };
}

/** @throws Error when another version of the program stored something else. */
export function unpackJob<P extends object>(job: JobDefinition<P>, data: unknown): UnpackedJob<P> {
  const outer = envelope.safeParse(data);
  if (!outer.success) throw new Error(`job ${job.name}: ${explain(outer.error)}`);
  const inner = job.payload.safeParse(outer.data.payload);
  if (!inner.success) throw new Error(`payload of ${job.name}: ${explain(inner.error)}`);
  return { payload: inner.data, correlationId: outer.data.correlation_id, traceparent: outer.data.traceparent };
}

/** The same for whoever only looks: what cannot be read is shown as null. */
export function peekJob(data: unknown): { payload: unknown; correlationId: string | null } {
  const outer = envelope.safeParse(data);
  if (!outer.success) return { payload: null, correlationId: null };
  return { payload: outer.data.payload, correlationId: outer.data.correlation_id ?? null };
}

/** Where and why, never the value. */
function explain(error: z.ZodError): string {
  return error.issues.map(({ path, code }) => `${path.join('.') || 'it'} is wrong (${code})`).join('; ');
}
