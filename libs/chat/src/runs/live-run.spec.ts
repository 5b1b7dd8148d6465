import { sessionErrors } from '@parley/sessions';
import { begunRun, RecordedListener } from '../chat.factory.js';
import { completedFacts, LiveRun } from './live-run.js';

describe('LiveRun', () => {
  let heard: RecordedListener;
  let live: LiveRun;
  beforeEach(() => {
    heard = new RecordedListener();
    live = new LiveRun(begunRun(), heard);
  });
  const AUTHOR = { type: 'agent', id: 'helper', name: 'Helper' } as const;

  it('collects what each message says', () => {
    live.messageStarted({ id: 'msg_a', author: AUTHOR });
    live.messageStarted({ id: 'msg_b', author: AUTHOR });
    live.delta('msg_a', 'one ');
    live.delta('msg_b', 'zwei');
    live.delta('msg_a', 'two');
    expect(live.messages.map(({ text }) => text)).toEqual(['one two', 'zwei']);
    expect(heard.said).toEqual(['grew msg_a', 'grew msg_b', 'grew msg_a']);
  });

  it('refuses text of a message that was not begun', () => {
    expect(() => live.delta('msg_x', 'boo')).toThrow('not started');
  });

  it('keeps the answering component for the first and last transaction and tells of the others', () => {
    const done = { success: true, status: 'ok', duration_ms: 3, error: null, metadata: {} } as const;
    live.componentStarted('text_chat');
    live.componentStarted('search');
    live.componentCompleted('search', done);
    live.componentCompleted('text_chat', done);
    expect(heard.said).toEqual(['component.started search', 'component.completed search']);
    expect(live.answered).toEqual({ component: 'text_chat', result: done });
  });

  it('is stopped once: the first reason counts', () => {
    live.stop(sessionErrors.RUN_CANCELLED());
    live.stop(sessionErrors.RUN_TIMEOUT());
    expect(live.stoppedBy?.code).toBe('RUN_CANCELLED');
    expect(live.signal.aborted).toBe(true);
    expect(live.signal.reason).toBe(live.stoppedBy);
  });
});

describe('completedFacts', () => {
  it('cuts long texts at any depth and leaves the rest', () => {
    const long = 'x'.repeat(500);
    const facts = completedFacts('search', {
      success: true,
      status: 'ok',
      error: null,
      duration_ms: 3,
      metadata: { passages: [{ text: long, score: 0.5 }], none: null },
    });
    const { metadata } = facts;
    expect(facts).toMatchObject({ component: 'search', success: true, duration_ms: 3 });
    expect(metadata).toEqual({ passages: [{ text: `${'x'.repeat(200)}…`, score: 0.5 }], none: null });
  });

  it('cuts no character in two: half of one could not be stored', () => {
    const text = `x${'😀'.repeat(300)}`;
    const facts = completedFacts('search', {
      success: true,
      status: 'ok',
      error: null,
      duration_ms: 3,
      metadata: { text },
    });
    expect(facts['metadata']).toEqual({ text: `x${'😀'.repeat(199)}…` });
  });
});
