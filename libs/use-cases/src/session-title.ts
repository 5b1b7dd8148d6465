import { z } from 'zod';

/** The call that writes a session's title. Tests and the usage ledger key on these names. */
export const SESSION_TITLE_CALL = 'session_title';

export const sessionTitle = z.strictObject({
  title: z
    .string()
    .min(1)
    .max(200)
    .describe('Names the subject in two to eight words, in the language of the exchange.'),
});
