import { setTimeout as pause } from 'node:timers/promises';
import { FakeModel } from '../../../../test/support/fake-model/index.js';
import { callOf, hear, type OpenLlm, openLlm } from '../llm.factory.js';

describe('the door to a provider', () => {
  let fake: FakeModel;
  let llm: OpenLlm;
  const open = async (provider: object, more: object = {}): Promise<void> => {
    llm = await openLlm({
      roles: { default: ['openai:m'] },
      providers: { openai: { base_url: fake.url, ...provider } },
      retries: 0,
      ...more,
    });
  };
  beforeEach(async () => {
    fake = await FakeModel.start();
  });
  afterEach(async () => {
    await llm.close();
    await fake.stop();
  });

  describe('the circuit', () => {
    beforeEach(() => open({}, { breaker_failures: 3, breaker_seconds: 0.3, breaker_silence_seconds: 0.1 }));

    it('opens after failures in a row, refuses without asking, and closes when one call gets through', async () => {
      fake.script({ reply: { status: 500 }, times: 3 });
      fake.always({ text: 'back' });
      for (let call = 0; call < 3; call += 1) await hear(llm, callOf('q'));
      expect(llm.health.modelsHealth()).toMatchObject({
        status: 'degraded',
        reason: expect.stringContaining('openai'),
      });

      const { error } = await hear(llm, callOf('q'));
      expect(error).toMatchObject({
        code: 'MODEL_UNAVAILABLE',
        report: { attempts: 0, model: null },
        facts: { retryAfter: 1 },
      });
      expect(fake.requests()).toHaveLength(3);

      await pause(350);
      expect((await hear(llm, callOf('q'))).answer?.text).toBe('back');
      expect(llm.health.modelsHealth()).toEqual({ status: 'ok', models: ['openai:m'] });
    });

    it('lets one call try while it is half open, and opens again when that fails', async () => {
      fake.script({ reply: { status: 500 }, times: 3 });
      fake.script({ reply: { status: 500, delayMs: 200 }, times: 1 });
      fake.always({ text: 'back' });
      for (let call = 0; call < 3; call += 1) await hear(llm, callOf('q'));
      await pause(350);
      const trying = hear(llm, callOf('trying'));
      await fake.waitFor({ user: /trying/ });
      const others = await Promise.all([hear(llm, callOf('other')), hear(llm, callOf('other'))]);
      expect(others.map(({ error }) => Object(error).code)).toEqual(['MODEL_UNAVAILABLE', 'MODEL_UNAVAILABLE']);
      expect((await trying).error).toMatchObject({ code: 'MODEL_UNAVAILABLE' });
      expect(fake.requests({ user: /other/ })).toHaveLength(0);
      expect((await hear(llm, callOf('q'))).error).toMatchObject({ report: { attempts: 0 } });
    });

    it('is not opened by what is our own doing: 400, 401, 429, an empty reply', async () => {
      for (const reply of [{ status: 400 }, { status: 401 }, { status: 429 }, { empty: true }])
        fake.script({ reply, times: 3 });
      for (let call = 0; call < 12; call += 1) await hear(llm, callOf('q'));
      expect(fake.requests()).toHaveLength(12);
      expect((await hear(llm, callOf('q'))).error).toBeNull();
    });

    it('is opened by silence and by cut connections too', async () => {
      fake.script({ reply: { silentAfter: 0 }, times: 1 });
      fake.script({ reply: { cutAfter: 0, text: 'x' }, times: 1 });
      fake.script({ reply: { malformedChunk: 0, text: 'x' }, times: 1 });
      for (let call = 0; call < 3; call += 1) await hear(llm, callOf('q', { silenceMs: 100 }));
      expect((await hear(llm, callOf('q'))).error).toMatchObject({ report: { attempts: 0 } });
    });
  });

  it('stays open to everybody where one caller is impatient', async () => {
    await open({}, { breaker_failures: 3, breaker_silence_seconds: 0.2 });
    fake.script({ reply: { silentAfter: 0 }, times: 4 });
    for (let call = 0; call < 4; call += 1) await hear(llm, callOf('q', { silenceMs: 100 }));
    expect(fake.requests()).toHaveLength(4);
    expect((await hear(llm, callOf('q'))).error).toBeNull();
  });

  describe('the bound on calls', () => {
    beforeEach(() => open({ max_concurrent: 2, max_queued: 1 }));

    it('asks so many at once, lets so many wait, and tells the others', async () => {
      fake.always({ chunks: ['a', 'b'], betweenMs: 150 });
      const calls = [1, 2, 3].map(() => hear(llm, callOf('q')));
      await fake.waitFor({}, 2);
      const { error } = await hear(llm, callOf('one too many'));
      expect(error).toMatchObject({
        code: 'OVERLOADED',
        status: 503,
        facts: { retryAfter: 1 },
        report: { attempts: 0 },
      });
      expect(fake.requests()).toHaveLength(2);
      for (const { answer } of await Promise.all(calls)) expect(answer?.text).toBe('ab');
      const [one, two, third] = fake.requests();
      expect(third?.at ?? 0).toBeGreaterThan(Math.min(one?.endedAt ?? 0, two?.endedAt ?? 0) - 20);
    });

    it('gives a place back however a call ends', async () => {
      fake.script({ reply: { status: 400 }, times: 3 });
      fake.script({ reply: { text: 'x y', cutAfter: 1 }, times: 3 });
      fake.script({ reply: { silentAfter: 0 }, times: 3 });
      for (let call = 0; call < 9; call += 1) await hear(llm, callOf('q', { silenceMs: 50 }));
      const control = new AbortController();
      fake.script({ reply: { silentAfter: 0 }, times: 2 });
      const cancelled = [1, 2].map(() => hear(llm, callOf('q', { signal: control.signal })));
      const waiting = hear(llm, callOf('waiting', { signal: control.signal }));
      await fake.waitFor({}, 11);
      control.abort();
      await Promise.all([...cancelled, waiting]);
      expect(fake.requests({ user: /waiting/ })).toHaveLength(0);
      const after = await Promise.all([1, 2, 3].map(() => hear(llm, callOf('q'))));
      expect(after.map(({ error }) => error)).toEqual([null, null, null]);
    });

    it('lets one who waits leave at once', async () => {
      fake.always({ silentAfter: 0 });
      const control = new AbortController();
      const calls = [1, 2].map(() => hear(llm, callOf('q', { signal: control.signal })));
      await fake.waitFor({}, 2);
      const impatient = new AbortController();
      const waiting = hear(llm, callOf('q', { signal: impatient.signal }));
      impatient.abort(new Error('no longer'));
      expect((await waiting).error).toMatchObject({ name: 'ModelCallAborted', cause: { message: 'no longer' } });
      control.abort();
      await Promise.all(calls);
    });
  });
});
