import { performance } from 'node:perf_hooks';
import { Logger } from '@nestjs/common';
import { ProcessBus } from '@parley/platform/bus';
import { configSchema } from '@parley/platform/config';
import { type Delta, type DraftPiece, DraftsRepository, LiveTexts } from '@parley/sessions';
import { z } from 'zod';
import { begunRun } from '../chat.factory.js';
import { LiveRun } from './live-run.js';
import { Pacer } from './pacer.service.js';

const heardBody = z.object({ kind: z.literal('delta'), delta: z.custom<Delta>() });

describe('Pacer', () => {
  let sent: { at: number; delta: Delta }[];
  let saved: DraftPiece[][];
  let away: boolean;
  let busy: number;
  let pacer: Pacer;
  let texts: LiveTexts;
  let drafts: DraftsRepository;
  let begun: number;

  beforeEach(() => {
    Logger.overrideLogger(false);
    jest.useFakeTimers();
    jest.spyOn(performance, 'now').mockImplementation(() => jest.now());
    jest
      .spyOn(performance, 'eventLoopUtilization')
      .mockImplementation(() => ({ utilization: busy, idle: 0, active: 0 }));
    [sent, saved, away, busy, begun] = [[], [], false, 0, jest.now()];
    const bus = new ProcessBus();
    bus.subscribe('session:ses_1', ({ body }) => {
      sent.push({ at: jest.now() - begun, delta: heardBody.parse(body).delta });
    });
    drafts = Object.create(DraftsRepository.prototype);
    jest.spyOn(drafts, 'save').mockImplementation((_, pieces) => {
      saved.push([...pieces]);
      return away ? Promise.reject(new Error('away')) : Promise.resolve();
    });
    texts = new LiveTexts();
    texts.begin('ses_1', 'run_1');
    pacer = new Pacer(bus, texts, drafts, configSchema.parse({}));
    pacer.onModuleInit();
  });
  afterEach(() => {
    pacer.onModuleDestroy();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  function begin(): LiveRun {
    const live = new LiveRun(begunRun(), {
      textGrew: (run) => pacer.textGrew(run),
      component: () => undefined,
    });
    live.messageStarted({ id: 'msg_a', author: { type: 'agent', id: 'helper', name: 'Helper' } });
    return live;
  }
  const joined = () => sent.map(({ delta }) => delta.text).join('');
  /** One token every `everyMs`. */
  async function stream(live: LiveRun, count: number, everyMs: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      live.delta('msg_a', `${n} `);
      await jest.advanceTimersByTimeAsync(everyMs);
    }
  }

  it('sends the first delta at once', () => {
    begin().delta('msg_a', 'Hello');
    expect(sent).toEqual([{ at: 0, delta: { run_id: 'run_1', message_id: 'msg_a', offset: 0, text: 'Hello' } }]);
  });

  it('sends later ones every 25 ms, each continuing where the one before ended', async () => {
    const live = begin();
    await stream(live, 100, 5);
    await jest.advanceTimersByTimeAsync(100);
    const gaps = sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(25);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(55);
    let length = 0;
    for (const { delta } of sent) {
      expect(delta.offset).toBe(length);
      length += delta.text.length;
    }
    expect(joined()).toBe(live.messages[0]?.text);
  });

  it('sends what comes slower than that without a delay of its own', async () => {
    await stream(begin(), 5, 200);
    expect(sent.map(({ at }) => at)).toEqual([0, 200, 400, 600, 800]);
  });

  it('spreads deltas wider while the event loop is busy, and never past 250 ms', async () => {
    busy = 0.95;
    await jest.advanceTimersByTimeAsync(250);
    const live = begin();
    await stream(live, 200, 5);
    const gaps = sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(250);
    expect(sent.length).toBeGreaterThanOrEqual(2);
    busy = 0.1;
    await jest.advanceTimersByTimeAsync(600);
    sent.splice(0);
    begun = jest.now();
    await stream(live, 100, 5);
    expect(sent.length).toBeGreaterThan(8);
  });

  it('sends what is left when the run settles, and nothing after', async () => {
    const live = begin();
    live.delta('msg_a', 'one ');
    live.delta('msg_a', 'two');
    expect(joined()).toBe('one ');
    await pacer.settle(live);
    expect(joined()).toBe('one two');
    await jest.advanceTimersByTimeAsync(1000);
    expect(sent).toHaveLength(2);
    expect(saved).toEqual([]);
  });

  it('keeps the whole text for readers that join, also what has not gone out yet', () => {
    const live = begin();
    live.delta('msg_a', 'one ');
    live.delta('msg_a', 'two');
    expect(joined()).toBe('one ');
    expect(texts.of('ses_1')?.snapshots).toEqual([{ run_id: 'run_1', message_id: 'msg_a', text: 'one two' }]);
  });

  it('writes down every 250 ms what was sent since, and never more than was shown', async () => {
    const live = begin();
    await stream(live, 60, 10);
    await jest.advanceTimersByTimeAsync(500);
    const pieces = saved.flat();
    expect(saved.length).toBeGreaterThanOrEqual(3);
    expect(saved.length).toBeLessThanOrEqual(5);
    expect(pieces.map(({ text }) => text).join('')).toBe(joined());
    let length = 0;
    for (const { offset, text } of pieces) {
      expect(offset).toBe(length);
      length += text.length;
    }
    expect(live.hasDrafts).toBe(true);
  });

  it('settles when what is being written down of the run is there, or could not be', async () => {
    for (const fails of [false, true]) {
      const live = begin();
      let written: () => void = () => undefined;
      jest.spyOn(drafts, 'save').mockImplementationOnce(
        () =>
          new Promise((resolve, reject) => {
            written = () => (fails ? reject(new Error('away')) : resolve());
          }),
      );
      live.delta('msg_a', 'said');
      await jest.advanceTimersByTimeAsync(250);
      let settled = false;
      const settling = pacer.settle(live).then(() => {
        settled = true;
      });
      await jest.advanceTimersByTimeAsync(100);
      expect(settled).toBe(false);
      written();
      await settling;
      await jest.advanceTimersByTimeAsync(1000);
      expect(saved).toEqual([]);
    }
  });

  it('writes the same again when the database was away, also where no more text comes', async () => {
    const live = begin();
    away = true;
    live.delta('msg_a', 'first ');
    await jest.advanceTimersByTimeAsync(300);
    away = false;
    await jest.advanceTimersByTimeAsync(600);
    expect(saved).toHaveLength(2);
    expect(saved[1]).toEqual(saved[0]);
  });
});
