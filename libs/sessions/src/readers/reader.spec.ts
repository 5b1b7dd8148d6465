import type { LogEvent } from '../log/log-events.js';
import type { SessionSignal } from '../log/session-channel.js';
import { deltaOf, eventOf, LogInMemory, READING, SESSION, SinkInMemory, snapshotOf } from './reader.factory.js';
import { Reader } from './reader.js';
import type { ReaderOptions } from './reader.types.js';
import { ReadingQueue } from './reading-queue.js';

describe('Reader', () => {
  let log: LogInMemory;
  let sink: SinkInMemory;
  beforeEach(() => {
    jest.useFakeTimers();
    log = new LogInMemory();
    sink = new SinkInMemory();
  });
  afterEach(() => jest.useRealTimers());

  const settle = () => jest.advanceTimersByTimeAsync(0);
  async function open(options: Partial<ReaderOptions> = {}): Promise<Reader> {
    const reader = new Reader(
      log,
      { actor: READING, sessionId: SESSION, after: 0, bufferBytes: 100, ...options },
      sink,
    );
    reader.start();
    await settle();
    return reader;
  }
  const fresh = (reader: Reader, ...events: LogEvent[]) =>
    reader.notice({ wake: events.at(-1)?.seq ?? 0, local: { kind: 'events', events } }, 'local');
  const wake = (reader: Reader, seq: number) => reader.notice({ wake: seq }, 'remote');
  const say = (reader: Reader, body: SessionSignal) => reader.notice({ body }, 'local');
  const delta = (reader: Reader, offset: number, text: string, more = {}) =>
    say(reader, { kind: 'delta', delta: deltaOf(offset, text, more) });

  describe('replay', () => {
    it('gives everything after the cursor, page by page, then the running text, then goes live', async () => {
      log.append('message.created', 'run.queued', 'session.updated', 'session.updated', 'session.updated');
      log.running = { runId: 'run_1', snapshots: [snapshotOf('half an ans')] };
      log.pageSize = 2;
      const reader = await open({ after: 1 });
      expect(sink.order).toEqual(['2', '3', '4', '5', 'snapshot', 'typing']);
      delta(reader, 11, 'wer');
      expect(sink.texts.get('msg_a')).toBe('half an answer');
    });

    it('says that an idle session is ready', async () => {
      await open();
      expect(sink.statuses).toEqual([{ status: 'ready', run_id: null, metadata: {} }]);
    });

    it('takes up what was stored while a page was on its way', async () => {
      log.append('session.updated', 'session.updated');
      const release = log.hold();
      const reader = await open();
      wake(reader, log.append('session.updated'));
      release();
      await settle();
      expect(sink.seqs).toEqual([1, 2, 3]);
    });

    it('does not lose a wake that comes while it finds out that a number was void', async () => {
      log.append('session.updated');
      const reader = await open();
      const release = log.hold();
      wake(reader, Number.MAX_SAFE_INTEGER);
      await settle();
      wake(reader, log.append('session.updated'));
      release();
      await settle();
      expect(sink.seqs).toEqual([1, 2]);
    });

    it('does not ask for ever when a number was void', async () => {
      const reader = await open();
      wake(reader, Number.MAX_SAFE_INTEGER);
      await jest.advanceTimersByTimeAsync(1000);
      expect(log.pages).toBe(2);
    });

    it('follows the log from its end when the client claims to have more than there is', async () => {
      log.append('session.updated');
      const reader = await open({ after: 500 });
      wake(reader, log.append('session.updated'));
      await settle();
      expect(sink.seqs).toEqual([2]);
    });

    it('keeps deltas that come during the replay and lays them on the snapshot', async () => {
      log.append('session.updated');
      log.running = { runId: 'run_1', snapshots: [snapshotOf('one two')] };
      const release = log.hold();
      const reader = await open();
      delta(reader, 4, 'two');
      delta(reader, 7, ' three');
      release();
      await settle();
      expect(sink.texts.get('msg_a')).toBe('one two three');
      expect(sink.deltas).toEqual([deltaOf(7, ' three')]);
    });

    it('shows no text of a run that the log has ended, whatever its node still says', async () => {
      log.append('session.updated', { type: 'run.failed', run: 'run_1' });
      log.running = { runId: 'run_1', snapshots: [snapshotOf('cut off')] };
      const reader = await open();
      delta(reader, 0, 'cut off, and on');
      await settle();
      expect(sink.order).toEqual(['1', '2', 'ready']);
    });

    it('shows nothing of the log a second time when it is in doubt', async () => {
      log.append('session.updated', 'session.updated');
      const reader = await open();
      reader.wake();
      await settle();
      expect(sink.seqs).toEqual([1, 2]);
      expect(log.pages).toBe(2);
    });
  });

  describe('live', () => {
    it('delivers events that continue where it stands without asking the log', async () => {
      const reader = await open({ upToDate: true, after: 3 });
      fresh(reader, eventOf(4), eventOf(5));
      await settle();
      expect(sink.seqs).toEqual([4, 5]);
      expect(log.pages).toBe(0);
    });

    it('asks the log when fresh events leave a gap, and gives each seq once and in order', async () => {
      const reader = await open();
      log.append('session.updated', 'session.updated', 'session.updated');
      fresh(reader, eventOf(3));
      await settle();
      fresh(reader, eventOf(2), eventOf(3));
      await settle();
      expect(sink.seqs).toEqual([1, 2, 3]);
    });

    it('leaves fresh events to the page that is being read', async () => {
      log.append('session.updated');
      const release = log.hold();
      const reader = await open();
      log.append('session.updated');
      fresh(reader, eventOf(2));
      release();
      await settle();
      expect(sink.seqs).toEqual([1, 2]);
    });

    it('does not believe events from another node: their number alone counts', async () => {
      const reader = await open();
      log.append('session.updated');
      reader.notice({ wake: 1, local: { kind: 'events', events: [eventOf(1, 'run.failed')] } }, 'remote');
      await settle();
      expect(sink.events.map(({ type }) => type)).toEqual(['session.updated']);
    });

    it('ignores bodies of other nodes that are no signal', async () => {
      const reader = await open();
      reader.notice({ body: { kind: 'delta', delta: { offset: 'x' } } }, 'remote');
      reader.notice({ body: 'nonsense' }, 'remote');
      reader.notice({ body: { kind: 'delta', delta: deltaOf(0, 'fine') } }, 'remote');
      expect(sink.deltas).toEqual([deltaOf(0, 'fine')]);
    });

    it('passes on who types', async () => {
      const reader = await open();
      say(reader, { kind: 'typing', principalId: 'usr_1', isTyping: true });
      expect(sink.statuses.at(-1)).toEqual({ status: 'typing', run_id: null, metadata: { user_id: 'usr_1' } });
    });
  });

  describe('deltas', () => {
    it('drops what the client has, cuts what overlaps, and repairs a gap with a snapshot', async () => {
      const reader = await open();
      delta(reader, 0, 'abc');
      delta(reader, 0, 'abc');
      delta(reader, 1, 'bcde');
      expect(sink.deltas).toEqual([deltaOf(0, 'abc'), deltaOf(3, 'de')]);
      log.running = { runId: 'run_1', snapshots: [snapshotOf('abcdefghi')] };
      delta(reader, 7, 'hi');
      await jest.advanceTimersByTimeAsync(100);
      expect(sink.snapshots).toEqual([snapshotOf('abcdefghi')]);
      delta(reader, 9, 'j');
      expect(sink.texts.get('msg_a')).toBe('abcdefghij');
    });

    it('asks with pauses while what is written down lags behind what is said', async () => {
      const reader = await open();
      log.running = { runId: 'run_1', snapshots: [snapshotOf('abc')] };
      const before = log.lives;
      delta(reader, 5, 'f');
      for (let offset = 6; offset < 16; offset += 1) {
        await jest.advanceTimersByTimeAsync(25);
        delta(reader, offset, 'x');
      }
      expect(log.lives - before).toBeLessThanOrEqual(4);
      log.running = { runId: 'run_1', snapshots: [snapshotOf('abcdefxxxxxxxxxx')] };
      await jest.advanceTimersByTimeAsync(500);
      expect(sink.texts.get('msg_a')).toBe('abcdefxxxxxxxxxx');
    });

    it('sends nothing of a message that the client has whole', async () => {
      const reader = await open();
      const message = { message_id: 'msg_a' };
      fresh(reader, eventOf(1, 'message.created', { run: 'run_1', data: message }));
      delta(reader, 0, 'late');
      reader.offerSnapshot(snapshotOf('late'));
      expect(sink.order.slice(1)).toEqual(['1']);
    });

    it('turns what was written down on another node into deltas, and says nothing twice', async () => {
      const reader = await open();
      reader.offerSnapshot(snapshotOf('abc'));
      reader.offerSnapshot(snapshotOf('abc'));
      reader.offerSnapshot(snapshotOf('ab'));
      reader.offerSnapshot(snapshotOf('abcd'));
      expect(sink.deltas).toEqual([deltaOf(0, 'abc'), deltaOf(3, 'd')]);
    });
  });

  describe('a slow client', () => {
    it('misses deltas, gets a snapshot when it has room again, and every event', async () => {
      const reader = await open();
      delta(reader, 0, 'a');
      sink.unread = 101;
      delta(reader, 1, 'b');
      delta(reader, 2, 'c');
      log.append({ type: 'component.started', run: 'run_1', data: { component: 'search' } });
      wake(reader, 1);
      await jest.advanceTimersByTimeAsync(1000);
      expect(sink.texts.get('msg_a')).toBe('a');
      expect(sink.events).toEqual([]);
      log.running = { runId: 'run_1', snapshots: [snapshotOf('abc')] };
      sink.unread = 0;
      await jest.advanceTimersByTimeAsync(50);
      expect(sink.seqs).toEqual([1]);
      delta(reader, 3, 'd');
      expect(sink.texts.get('msg_a')).toBe('abcd');
    });

    it('does not get fresh events past its bound', async () => {
      const reader = await open({ upToDate: true });
      sink.unread = 101;
      log.append('session.updated');
      fresh(reader, eventOf(1));
      expect(sink.events).toEqual([]);
      sink.unread = 0;
      await jest.advanceTimersByTimeAsync(50);
      expect(sink.seqs).toEqual([1]);
    });

    it('gets as much of a page as fits, and reads on from there when it has room', async () => {
      for (let n = 0; n < 10; n += 1) log.append('session.updated');
      sink.eventBytes = 40;
      await open();
      expect(sink.seqs).toEqual([1, 2, 3]);
      await jest.advanceTimersByTimeAsync(5000);
      expect(sink.seqs).toEqual([1, 2, 3]);
      while (sink.seqs.length < 10) {
        sink.unread = 0;
        await jest.advanceTimersByTimeAsync(50);
      }
      expect(sink.seqs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(sink.mostUnread).toBe(120);
    });

    it('gets of fresh events as many as fit, and the others from the log', async () => {
      await open({ upToDate: true }).then((reader) => {
        log.append('session.updated', 'session.updated', 'session.updated', 'session.updated');
        sink.eventBytes = 60;
        fresh(reader, eventOf(1), eventOf(2), eventOf(3), eventOf(4));
      });
      expect(sink.seqs).toEqual([1, 2]);
      sink.unread = 0;
      await jest.advanceTimersByTimeAsync(50);
      expect(sink.seqs).toEqual([1, 2, 3, 4]);
    });

    it('is not sent more by many readers than by one, and misses nothing', async () => {
      for (let n = 0; n < 5; n += 1) log.append('session.updated');
      log.running = { runId: 'run_1', snapshots: [snapshotOf('half')] };
      sink.eventBytes = 40;
      const queue = new ReadingQueue();
      for (let n = 0; n < 20; n += 1) await open({ queue });
      await jest.advanceTimersByTimeAsync(1000);
      expect(sink.seqs).toEqual([1, 2, 3]);
      expect(sink.snapshots).toEqual([]);
      for (let n = 0; n < 100; n += 1) {
        sink.unread = 0;
        await jest.advanceTimersByTimeAsync(50);
      }
      expect(sink.seqs.toSorted()).toEqual([1, 2, 3, 4, 5].flatMap((seq) => Array.from({ length: 20 }, () => seq)));
      expect(sink.snapshots).toHaveLength(20);
      expect([sink.mostUnread, log.mostUnderWay]).toEqual([120, 1]);
    });

    it('is not told who types while it has no room', async () => {
      const reader = await open();
      const before = sink.statuses.length;
      sink.unread = 101;
      say(reader, { kind: 'typing', principalId: 'usr_1', isTyping: true });
      expect(sink.statuses).toHaveLength(before);
      sink.unread = 0;
      say(reader, { kind: 'typing', principalId: 'usr_1', isTyping: true });
      expect(sink.statuses).toHaveLength(before + 1);
    });

    it('is waited for as long as it takes something, be it little', async () => {
      log.append('session.updated');
      sink.unread = 110;
      await open();
      for (; sink.unread > 102; sink.unread -= 2) await jest.advanceTimersByTimeAsync(9000);
      expect([sink.ends, sink.seqs]).toEqual([[], []]);
      sink.unread = 0;
      await jest.advanceTimersByTimeAsync(50);
      expect(sink.seqs).toEqual([1]);
    });

    it('is let go after ten seconds in which it took nothing, and nothing follows', async () => {
      log.append('session.updated');
      sink.unread = 101;
      const reader = await open();
      await jest.advanceTimersByTimeAsync(9900);
      expect(sink.ends).toEqual([]);
      await jest.advanceTimersByTimeAsync(200);
      expect(sink.ends).toEqual([{ reason: 'too-slow' }]);
      expect(reader.isClosed).toBe(true);
      sink.unread = 0;
      wake(reader, log.append('session.updated'));
      await jest.advanceTimersByTimeAsync(1000);
      expect(sink.order).toEqual(['end too-slow']);
    });
  });

  describe('limited to a run', () => {
    it('shows that run only and ends after its terminal event', async () => {
      log.append(
        { type: 'message.created', run: 'run_1' },
        { type: 'run.started', run: 'run_1' },
        { type: 'run.queued', run: 'run_2' },
        'session.updated',
      );
      const reader = await open({ runId: 'run_1' });
      delta(reader, 0, 'mine');
      delta(reader, 0, 'theirs', { run: 'run_2', message: 'msg_b' });
      fresh(reader, eventOf(5, 'run.completed', { run: 'run_1' }), eventOf(6, 'run.started', { run: 'run_2' }));
      await settle();
      expect(sink.seqs).toEqual([1, 2, 5]);
      expect([...sink.texts.keys()]).toEqual(['msg_a']);
      expect(sink.order.slice(-1)).toEqual(['end run-ended']);
    });

    it('ends at once when the run had ended before', async () => {
      log.append({ type: 'run.started', run: 'run_1' }, { type: 'run.failed', run: 'run_1' }, 'session.updated');
      await open({ runId: 'run_1' });
      expect(sink.order).toEqual(['1', '2', 'end run-ended']);
    });
  });

  describe('its end', () => {
    it('comes when the session is not to be seen any more', async () => {
      const reader = await open();
      log.visible = false;
      say(reader, { kind: 'gone' });
      await settle();
      expect(sink.ends).toEqual([{ reason: 'gone' }]);
      wake(reader, 9);
      delta(reader, 0, 'x');
      await settle();
      expect(sink.ends).toHaveLength(1);
      expect(sink.deltas).toEqual([]);
    });

    it('comes when the log cannot be read, with the reason', async () => {
      log.failure = new Error('away');
      await open();
      expect(sink.ends).toEqual([{ reason: 'failed', error: log.failure }]);
    });

    it('is silent when the connection was closed while a page was on its way', async () => {
      log.append('session.updated');
      const release = log.hold();
      const reader = await open();
      reader.close();
      release();
      await settle();
      expect(sink.order).toEqual([]);
    });
  });
});
