import { systemActor } from '@parley/auth';
import { type LogEvent, type ReaderSink, Readers, type RunDto } from '@parley/sessions';
import { runError, TurnWaiter } from './turn-waiter.js';

const RUN: RunDto = {
  run_id: 'run_1',
  session_id: 'ses_1',
  message_id: 'msg_1',
  status: 'completed',
  attempt: 1,
  started_at: '2026-11-21T12:00:00.000Z',
  finished_at: '2026-11-21T12:00:01.000Z',
  error: null,
  usage: null,
  component_results: null,
  last_seq: 6,
};
const ENDED: LogEvent = {
  seq: 6,
  type: 'run.completed',
  session_id: 'ses_1',
  run_id: 'run_1',
  at: '2026-11-21T12:00:01.000Z',
  data: RUN,
};

describe('who waits for a turn', () => {
  let open: number;
  let sink: ReaderSink | undefined;
  const readers: Readers = Object.create(Readers.prototype, {
    open: {
      value: (_options: unknown, given: ReaderSink) => {
        open += 1;
        sink = given;
        return {
          close: () => {
            open -= 1;
          },
        };
      },
    },
  });
  beforeEach(() => {
    jest.useFakeTimers();
    open = 0;
  });
  afterEach(() => jest.useRealTimers());

  function follow(): TurnWaiter {
    const waiter = new TurnWaiter();
    const actor = systemActor('org_1', []);
    waiter.follow(readers, { actor, sessionId: 'ses_1', runId: 'run_1', after: 0, upToDate: false });
    return waiter;
  }

  it('gives up when its time is over, and leaves no reader', async () => {
    const waiter = follow();
    waiter.giveUpAfter(60_000);
    expect([open, jest.getTimerCount()]).toEqual([1, 1]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(await waiter.ended).toBeNull();
    expect(open).toBe(0);
  });

  it('hears of the end, and has nothing left to give up', async () => {
    const waiter = follow();
    waiter.giveUpAfter(60_000);
    sink?.event(ENDED);
    expect(await waiter.ended).toEqual({ run: RUN, answers: [] });
    expect([open, jest.getTimerCount()]).toEqual([0, 0]);
  });

  it('is not kept for a time that it does not need where the turn had ended before', async () => {
    const waiter = follow();
    sink?.event(ENDED);
    waiter.giveUpAfter(60_000);
    expect(jest.getTimerCount()).toBe(0);
    expect(await waiter.ended).toEqual({ run: RUN, answers: [] });
  });
});

describe('the error of a run', () => {
  const failed = (error: Record<string, unknown>): RunDto => ({ ...RUN, status: 'failed', error });
  const stored = { type: '/problems/A', code: 'A', status: 503, title: 'No.', detail: 'Not now.' };

  it('is the stored problem with all that belongs to it, and where it comes from', () => {
    const errors = [{ pointer: '/content', code: 'B', detail: 'is bad' }];
    const error = runError(failed({ ...stored, retry_after: 3, errors, limit: 10 }));
    expect([error.code, error.status, error.definition.title]).toEqual(['A', 503, 'No.']);
    expect(error.facts).toEqual({
      detail: 'Not now.',
      retryAfter: 3,
      errors,
      members: { limit: 10, run_id: 'run_1', message_id: 'msg_1' },
    });
  });

  it('holds no more than the problem does', () => {
    const ids = { run_id: 'run_1', message_id: 'msg_1' };
    expect(runError(failed(stored)).facts).toEqual({ detail: 'Not now.', members: ids });
    expect(runError({ ...RUN, status: 'cancelled' })).toMatchObject({ code: 'RUN_CANCELLED', facts: { members: ids } });
  });
});
