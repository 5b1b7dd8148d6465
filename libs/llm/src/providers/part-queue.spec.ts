import type { ChatPart } from './chat-model.js';
import { PartQueue } from './part-queue.js';

const part = (delta: string): ChatPart => ({ type: 'text-delta', delta });

describe('a queue of parts', () => {
  it('gives what came before it was asked, and what comes while it waits', async () => {
    const queue = new PartQueue();
    queue.push(part('a'));
    setTimeout(() => {
      queue.push(part('b'));
      queue.end();
    });
    const heard: ChatPart[] = [];
    for await (const one of queue) heard.push(one);
    expect(heard).toEqual([part('a'), part('b')]);
  });

  it('gives what came before a failure first, and throws it once', async () => {
    const queue = new PartQueue();
    queue.push(part('a'));
    queue.fail(new Error('broken'));
    queue.push(part('too late'));
    expect(await queue.next()).toEqual({ done: false, value: part('a') });
    await expect(queue.next()).rejects.toThrow('broken');
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('slows its source down while nobody reads, and lets it go on afterwards', async () => {
    const queue = new PartQueue();
    const source = { pause: jest.fn(), resume: jest.fn(), leave: jest.fn() };
    queue.connect(source);
    for (let index = 0; index < 70; index += 1) queue.push(part('x'));
    expect(source.pause).toHaveBeenCalledTimes(1);
    for (let index = 0; index < 69; index += 1) await queue.next();
    expect(source.resume).not.toHaveBeenCalled();
    await queue.next();
    expect(source.resume).toHaveBeenCalledTimes(1);
    await queue.return();
    expect(source.leave).toHaveBeenCalledTimes(1);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });
});
