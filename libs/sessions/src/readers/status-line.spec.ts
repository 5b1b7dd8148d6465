import type { LogEventType } from '../log/log-events.js';
import { eventOf } from './reader.factory.js';
import { StatusLine } from './status-line.js';

describe('StatusLine', () => {
  let said: string[];
  let line: StatusLine;
  beforeEach(() => {
    said = [];
    line = new StatusLine(({ status, run_id, metadata }) => {
      const more = Object.values(metadata).join();
      said.push([status, run_id ?? '-', ...(more === '' ? [] : [more])].join(' '));
    });
  });
  const live = (type: LogEventType, run: string | null, data = {}) => line.event(eventOf(1, type, { run, data }), true);

  it('goes from thinking to typing to ready with a run', () => {
    live('run.started', 'run_1');
    live('component.started', 'run_1', { component: 'search' });
    line.delta('run_1');
    line.delta('run_1');
    live('component.completed', 'run_1');
    live('run.completed', 'run_1');
    expect(said).toEqual(['thinking run_1', 'thinking run_1 search', 'typing run_1', 'ready run_1']);
  });

  it.each<LogEventType>(['run.failed', 'run.cancelled'])('is ready after %s', (type) => {
    live('run.started', 'run_1');
    live(type, 'run_1');
    expect(said.at(-1)).toBe('ready run_1');
  });

  it('is not ready when a queued run is cancelled while another runs', () => {
    live('run.started', 'run_1');
    live('run.cancelled', 'run_2');
    expect(said).toEqual(['thinking run_1']);
  });

  it('stays typing when a component starts in mid-text', () => {
    live('run.started', 'run_1');
    line.delta('run_1');
    live('component.started', 'run_1', { component: 'memory' });
    expect(said.at(-1)).toBe('typing run_1');
  });

  it('is ready while a person is awaited, and says for which action', () => {
    live('run.started', 'run_1');
    live('run.waiting', 'run_1', { action_id: 'act_1' });
    live('run.resumed', 'run_1');
    expect(said).toEqual(['thinking run_1', 'ready run_1 act_1', 'thinking run_1']);
  });

  it('is silent during a replay and says at its end how things stand', () => {
    for (const type of ['run.started', 'run.completed', 'run.started'] as const) {
      line.event(eventOf(1, type, { run: 'run_1' }), false);
    }
    expect(said).toEqual([]);
    line.settle('run_1', true);
    line.settle('run_1', true);
    expect(said).toEqual(['typing run_1']);
  });

  it('does not believe a node that has not heard yet that its run was ended', () => {
    line.event(eventOf(1, 'run.failed', { run: 'run_1' }), false);
    line.settle('run_1', true);
    line.event(eventOf(2, 'run.started', { run: 'run_2' }), false);
    line.settle('run_1', true);
    expect(said).toEqual(['ready -', 'thinking run_2']);
  });

  it.each([
    [null, false, 'ready -'],
    ['run_1', false, 'thinking run_1'],
    ['run_1', true, 'typing run_1'],
  ])('settles on run %s with text %s as "%s"', (run, typing, expected) => {
    line.settle(run, typing);
    expect(said).toEqual([expected]);
  });
});
