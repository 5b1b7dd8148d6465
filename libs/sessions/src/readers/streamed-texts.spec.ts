import { deltaOf, eventOf, snapshotOf } from './reader.factory.js';
import { StreamedTexts } from './streamed-texts.js';

describe('StreamedTexts', () => {
  let texts: StreamedTexts;
  beforeEach(() => {
    texts = new StreamedTexts();
    texts.accept(deltaOf(0, 'abc'));
  });

  it.each([
    ['what follows as it is', deltaOf(3, 'de'), deltaOf(3, 'de')],
    ['of what overlaps the new part, at the right place', deltaOf(1, 'bcde'), deltaOf(3, 'de')],
    ['nothing of what the client has', deltaOf(0, 'ab'), 'known'],
    ['nothing of an empty delta', deltaOf(3, ''), 'known'],
    ['nothing past a gap', deltaOf(4, 'e'), 'gap'],
  ])('lets pass %s', (_what, delta, expected) => {
    expect(texts.accept(delta)).toEqual(expected);
  });

  it('counts UTF-16 code units, as offsets do', () => {
    texts.accept(deltaOf(3, '😀'));
    expect(texts.accept(deltaOf(4, 'x'))).toBe('known');
    expect(texts.accept(deltaOf(5, 'x'))).toEqual(deltaOf(5, 'x'));
  });

  it('counts each message by itself', () => {
    expect(texts.accept(deltaOf(0, 'x', { message: 'msg_b' }))).toEqual(deltaOf(0, 'x', { message: 'msg_b' }));
  });

  it('stands after a snapshot where the snapshot ends, longer or shorter', () => {
    expect(texts.reset(snapshotOf('a'))).toBe(true);
    expect(texts.accept(deltaOf(1, 'b'))).toEqual(deltaOf(1, 'b'));
  });

  it('tells what a longer snapshot adds, and does not move', () => {
    expect(texts.growth(snapshotOf('abcde'))).toEqual(deltaOf(3, 'de'));
    expect(texts.growth(snapshotOf('abc'))).toBeNull();
    expect(texts.accept(deltaOf(3, 'd'))).toEqual(deltaOf(3, 'd'));
  });

  it('has no more to say about a message that is whole, until the next run begins', () => {
    texts.settle(eventOf(1, 'message.created', { data: { message_id: 'msg_a' } }));
    expect(texts.accept(deltaOf(3, 'late'))).toBe('known');
    expect(texts.reset(snapshotOf('late'))).toBe(false);
    expect(texts.growth(snapshotOf('late and long'))).toBeNull();
    texts.settle(eventOf(2, 'run.started', { run: 'run_2' }));
    expect(texts.accept(deltaOf(0, 'new'))).toEqual(deltaOf(0, 'new'));
  });
});
