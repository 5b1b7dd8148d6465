import { defineJob } from '@parley/platform/jobs';
import { z } from 'zod';

/** Sums up what has left a session's window of history. Payloads hold ids and numbers only. */
export type SummaryOrder = z.infer<typeof summaryJob.payload>;

export const summaryJob = defineJob({
  name: 'session.summary',
  payload: z.object({
    orgId: z.string(),
    sessionId: z.string(),
    window: z.number().int().min(0),
    /** Messages that have to have left the window; null: it is written anew, however few they are. */
    threshold: z.number().int().min(1).nullable(),
  }),
  retry: { limit: 3, delaysSeconds: [10, 60, 300] },
  deadLetter: true,
  singleton: ({ sessionId }) => sessionId,
});
