import { examinePasswordHash } from './doctor.machine.js';

describe('what the doctor says of password hashes', () => {
  it.each([
    [4.9, 'warning'],
    [5, 'ok'],
    [500, 'ok'],
    [501, 'warning'],
  ])('that take %d ms is %s', async (milliseconds, status) => {
    expect(await examinePasswordHash(() => Promise.resolve(milliseconds))).toMatchObject({ status });
  });

  it('is what this machine takes', async () => {
    const { detail } = await examinePasswordHash();
    expect(Number(/^one takes (\d+) ms here$/.exec(detail)?.[1])).toBeGreaterThan(0);
  });
});
