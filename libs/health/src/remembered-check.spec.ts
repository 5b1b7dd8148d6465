import { Logger } from '@nestjs/common';
import type { HealthState } from '@parley/platform/lifecycle';
import { RememberedCheck } from './remembered-check.js';

function indicator(check: () => Promise<HealthState>) {
  return { name: 'thing', critical: true, check: jest.fn(check) };
}

describe('RememberedCheck', () => {
  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('asks once for all probes of a second, and once for those that come together', async () => {
    const thing = indicator(async () => ({ status: 'up' }));
    const check = new RememberedCheck(thing);
    await Promise.all(Array.from({ length: 50 }, () => check.state()));
    await jest.advanceTimersByTimeAsync(900);
    await check.state();
    expect(thing.check).toHaveBeenCalledTimes(1);
    await jest.advanceTimersByTimeAsync(200);
    await check.state();
    expect(thing.check).toHaveBeenCalledTimes(2);
  });

  it('is down without a reason when the indicator throws: what it says may hold an address', async () => {
    const check = new RememberedCheck(indicator(() => Promise.reject(new Error('connect to 10.0.0.7 refused'))));
    expect(await check.state()).toEqual({ status: 'down' });
  });

  it('is down when nothing comes back in three seconds', async () => {
    const check = new RememberedCheck(indicator(() => new Promise(() => undefined)));
    const state = check.state();
    await jest.advanceTimersByTimeAsync(3000);
    expect(await state).toEqual({ status: 'down', reason: 'no answer within 3 s' });
  });
});
