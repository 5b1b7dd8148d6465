import { z } from 'zod';
import { defineJob, delayAfter } from './define-job.js';

const payload = z.object({});

describe('defineJob', () => {
  const retry = { limit: 0, delaysSeconds: [] };

  it.each(['title', 'Session.title', 'session.', 'session title', `session.${'x'.repeat(50)}`, 'a.b;drop'])(
    'refuses the name %s',
    (name) => {
      expect(() => defineJob({ name, payload, retry, deadLetter: true })).toThrow(/no name of a job/);
    },
  );

  it('refuses tries without delays', () => {
    const job = { name: 'session.title', payload, retry: { limit: 1, delaysSeconds: [] }, deadLetter: true };
    expect(() => defineJob(job)).toThrow(/without delays/);
  });

  it('waits as declared, the last delay for all that follow', () => {
    const given = { limit: 5, delaysSeconds: [10, 60, 300] };
    expect([1, 2, 3, 4, 5].map((attempt) => delayAfter(given, attempt))).toEqual([10, 60, 300, 300, 300]);
    expect(delayAfter(retry, 1)).toBe(0);
  });
});
