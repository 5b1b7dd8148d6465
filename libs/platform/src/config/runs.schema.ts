import { z } from 'zod';
import { seconds, text, whole } from './shapes.js';

/** The work itself: runs, use cases, and how it ends. */
export const runSections = {
  runs: z
    .strictObject({
      lease_seconds: seconds(2, 120).default(10).describe('Life of a lease; it is renewed every second.'),
      wall_clock_seconds: seconds(5, 3600).default(120).describe('Longest run.'),
      max_queued_per_session: whole(1, 1000).default(20).describe('Messages that may wait in one session.'),
      max_running_per_node: whole(1, 100_000).default(2000).describe('Runs that one process executes at once.'),
      checkpoint_ms: whole(50, 5000).default(250).describe('How often streamed text is written down.'),
      delta_min_ms: whole(0, 1000).default(25).describe('Least time between two deltas of a run.'),
      delta_max_ms: whole(0, 5000).default(250).describe('Most time between two deltas of a run, on a busy node.'),
    })
    .prefault({})
    .describe('Attempts to answer.'),
  use_cases: z
    .strictObject({
      dir: text().default('./config/use-cases').describe('A deployment’s own use cases and overrides.'),
    })
    .prefault({})
    .describe('The catalogue.'),
  shutdown: z
    .strictObject({
      drain_seconds: seconds(0, 600).default(20).describe('Time that running runs have to end after SIGTERM.'),
      ready_delay_seconds: seconds(0, 60)
        .default(0)
        .describe('Time between ready → 503 and closing the door, for load balancers.'),
    })
    .prefault({})
    .describe('After SIGTERM.'),
};
