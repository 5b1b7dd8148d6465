import { defineJob } from '@parley/platform/jobs';
import { z } from 'zod';

/** Writes a session's title from its first exchange. Payloads hold ids only. */
export const titleJob = defineJob({
  name: 'session.title',
  payload: z.object({ orgId: z.string(), sessionId: z.string() }),
  retry: { limit: 3, delaysSeconds: [10, 60, 300] },
  deadLetter: true,
  singleton: ({ sessionId }) => sessionId,
});
