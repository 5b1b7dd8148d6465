/**
 * A suite that needs a program which this machine may lack. Without it the suite is skipped and its name
 * says why; with PARLEY_TEST_REQUIRE_SERVERS=1 its absence fails.
 */
export function describeWhen(
  found: string | null,
  missing: string,
  name: string,
  suite: (program: string) => void,
): void {
  if (found !== null) {
    describe(name, () => suite(found));
  } else if (process.env['PARLEY_TEST_REQUIRE_SERVERS'] === '1') {
    describe(name, () => {
      it('runs on a real server', () => {
        throw new Error(missing);
      });
    });
  } else {
    describe.skip(`${name} (SKIPPED: ${missing})`, () => {
      it('was not run', () => undefined);
    });
  }
}
