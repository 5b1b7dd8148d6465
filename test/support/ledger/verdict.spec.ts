import type { Books } from './books.js';
import { Reading } from './reading.js';
import { answerTo, question } from './script.js';
import { audit, type Case } from './verdict.js';
import type { Event, Message, Run } from './wire.js';

const FIRST = question(3, 1, 'first');
const SECOND = question(2, 1, 'second');

function message(seq: number, more: Partial<Message>): Message {
  const id = `msg_${seq}`;
  const base = { message_id: id, run_id: 'run_1', parent_id: null, seq, superseded: false, finish_reason: null };
  return { ...base, role: 'user', content: FIRST, status: 'complete', ...more };
}

function event(seq: number, type: string, runId: string, data: object = {}): Event {
  return { seq, type, session_id: 'ses_1', run_id: runId, data: { ...data } };
}

function world() {
  const messages = [
    message(1, {}),
    message(3, { run_id: 'run_2', content: SECOND }),
    message(5, { role: 'assistant', parent_id: 'msg_1', content: answerTo(FIRST) }),
    message(8, {
      role: 'assistant',
      parent_id: 'msg_3',
      run_id: 'run_2',
      status: 'partial',
      content: '«second»: word0',
    }),
  ];
  const [one, two, three, four] = messages;
  const events = [
    event(1, 'message.created', 'run_1', one),
    event(2, 'run.started', 'run_1'),
    event(3, 'message.created', 'run_2', two),
    event(4, 'run.queued', 'run_2'),
    event(5, 'message.created', 'run_1', three),
    event(6, 'run.completed', 'run_1'),
    event(7, 'run.started', 'run_2'),
    event(8, 'message.created', 'run_2', four),
    event(9, 'run.failed', 'run_2'),
  ];
  const run = (run_id: string, message_id: string, status: Run['status']): [string, Run] => [
    run_id,
    { run_id, message_id, status, attempt: 1, error: null },
  ];
  const runs = new Map([run('run_1', 'msg_1', 'completed'), run('run_2', 'msg_3', 'failed')]);
  return { books: { lastSeq: 9, events, messages, runs } satisfies Books, matter: matterOf(events) };
}

function matterOf(events: readonly Event[]): Case {
  const reading = new Reading('reader');
  for (const one of events) reading.event(one);
  const sent = (seq: number, content: string, run_id: string) => ({
    content,
    client_message_id: content,
    tries: 1,
    receipt: { message_id: `msg_${seq}`, run_id, seq },
  });
  return { sessionId: 'ses_1', acknowledged: [sent(1, FIRST, 'run_1'), sent(3, SECOND, 'run_2')], readings: [reading] };
}

describe('audit', () => {
  it('finds nothing where the promise was kept', () => {
    const { books, matter } = world();
    expect(audit(matter, books)).toEqual([]);
  });

  const without = (messages: readonly Message[], seq: number) => messages.filter((one) => one.seq !== seq);
  const change = (messages: readonly Message[], seq: number, more: Partial<Message>) =>
    messages.map((one) => (one.seq === seq ? { ...one, ...more } : one));

  it.each<[string, (books: Books) => Books, RegExp]>([
    ['a lost message', (b) => ({ ...b, messages: without(b.messages, 3) }), /stored 0 times/],
    ['a doubled message', (b) => ({ ...b, messages: [...b.messages, message(4, {})] }), /stored 2 times/],
    ['another id', (b) => ({ ...b, messages: change(b.messages, 1, { message_id: 'msg_9' }) }), /acknowledged as/],
    ['another order', (b) => ({ ...b, messages: b.messages.toReversed() }), /acknowledged in the order/],
    ['a gap', (b) => ({ ...b, events: b.events.filter(({ seq }) => seq !== 4) }), /event 4 has the seq 5/],
    ['a number without event', (b) => ({ ...b, lastSeq: 10 }), /last_seq is 10/],
    [
      'an answer cut short',
      (b) => ({ ...b, messages: change(b.messages, 5, { content: '«first»:' }) }),
      /is completed, but/,
    ],
    [
      'two answers',
      (b) => ({ ...b, messages: [...b.messages, { ...message(5, { role: 'assistant', parent_id: 'msg_1' }) }] }),
      /is completed, but/,
    ],
    ['invented text', (b) => ({ ...b, messages: change(b.messages, 8, { content: 'sorry' }) }), /is failed, but/],
    [
      'a whole answer of a failed run',
      (b) => ({ ...b, messages: change(b.messages, 8, { status: 'complete' }) }),
      /is failed, but/,
    ],
    ['a run without end', (b) => ({ ...b, events: retype(b.events, 6, 'session.updated') }), /nothing of an end/],
    [
      'a run that ends twice',
      (b) => ({ ...b, events: retype(b.events, 2, 'run.failed') }),
      /run.failed, run.completed/,
    ],
    [
      'a run that begins twice',
      (b) => ({ ...b, events: retype(b.events, 4, 'run.started') }),
      /began run_1 run_2 run_2/,
    ],
    [
      'a component without end',
      (b) => ({ ...b, events: component(b.events, 2, 'component.started') }),
      /run_1 text_chat has begun and not ended/,
    ],
    [
      'a component that ends without having begun',
      (b) => ({ ...b, events: component(b.events, 4, 'component.completed') }),
      /event 4 ends run_2 text_chat without a begin/,
    ],
    [
      'another text than a reader has',
      (b) => ({ ...b, messages: change(b.messages, 5, { content: 'x' }) }),
      /shows another text/,
    ],
    [
      'another log than a reader heard',
      (b) => ({ ...b, events: retype(b.events, 7, 'run.resumed') }),
      /where the log has 7/,
    ],
  ])('finds %s', (_what, spoil, expected) => {
    const { books, matter } = world();
    expect(audit(matter, spoil(books)).join('\n')).toMatch(expected);
  });
});

describe('Reading', () => {
  const delta = (offset: number, text: string) => ({ run_id: 'run_1', message_id: 'msg_5', offset, text });
  const created = event(1, 'message.created', 'run_1', message(1, { message_id: 'msg_5', content: 'one two' }));

  it('joins deltas at its own length and lets a snapshot fill a gap', () => {
    const reading = new Reading('reader');
    reading.delta(delta(0, 'one'));
    reading.delta(delta(0, 'one'));
    reading.delta(delta(5, 'wo'));
    reading.snapshot({ run_id: 'run_1', message_id: 'msg_5', text: 'one two' });
    reading.event(created);
    expect(reading).toMatchObject({ breaches: [], gaps: 1, cursor: 1 });
    expect([...reading.wholeByDeltas]).toEqual(['msg_5']);
  });

  it.each<[string, (reading: Reading) => void, RegExp]>([
    ['an event twice', (r) => void [r.event(created), r.event(created)], /event 1 message.created after 1/],
    ['an event left out', (r) => r.event({ ...created, seq: 2 }), /event 2 message.created after 0/],
    ['a delta that contradicts', (r) => void [r.delta(delta(0, 'one')), r.delta(delta(1, 'xx'))], /something else/],
    ['a snapshot that contradicts', (r) => void [r.delta(delta(0, 'one')), r.snapshot(delta(0, 'two'))], /continue/],
    ['text that is not stored', (r) => void [r.delta(delta(0, 'no')), r.event(created)], /another text than stored/],
    [
      'more text than there is',
      (r) => void [r.delta(delta(0, 'one two three')), r.event(created)],
      /longer than it is/,
    ],
    ['a message.created without message', (r) => r.event({ ...created, data: {} }), /holds no message/],
  ])('notices %s', (_what, play, expected) => {
    const reading = new Reading('reader');
    play(reading);
    expect(reading.breaches.join('\n')).toMatch(expected);
  });
});

function retype(events: readonly Event[], seq: number, type: string): Event[] {
  return events.map((one) => (one.seq === seq ? { ...one, type } : one));
}

function component(events: readonly Event[], seq: number, type: string): Event[] {
  return events.map((one) => (one.seq === seq ? { ...one, type, data: { component: 'text_chat' } } : one));
}
