import { z } from 'zod';

/** The call that writes what a conversation said before its window. Tests and the usage ledger key on these names. */
export const SESSION_SUMMARY_CALL = 'session_summary';

/** Characters of a summary. */
export const LONGEST_SUMMARY = 1500;

export const sessionSummary = z.strictObject({
  summary: z
    .string()
    .min(1)
    .max(LONGEST_SUMMARY * 2)
    .describe(`What was said so far, in at most ${LONGEST_SUMMARY} characters.`),
});
