import { IdentityModule, StoredTokenKeys } from '@parley/auth';
import { readEnvironment } from '@parley/platform/config';
import { CryptoModule } from '@parley/platform/crypto';
import { z } from 'zod';
import { withApplication } from './application.js';
import { openTestDeployment, runCli, runJson, type TestDeployment } from './cli.factory.js';
import { ground } from './ground.js';
import { EXIT } from './outcome.js';

const MOMENT = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';
const KID = /^sgk_[0-9A-Z]{26}$/;

const utc = z.iso.datetime().nullable();
const key = z.strictObject({
  kid: z.string().regex(KID),
  algorithm: z.literal('ES256'),
  state: z.enum(['next', 'active', 'retired', 'revoked']),
  created_at: utc,
  activated_at: utc,
  retired_at: utc,
  signs_after: utc,
  verifies_until: utc,
});
const listed = z.object({ keys: z.array(key) });
const rotated = z.object({ kid: z.string().regex(KID), made: z.boolean(), signs_after: z.iso.datetime() });

describe('parley key', () => {
  let test: TestDeployment;
  const keys = async () => listed.parse((await runJson(['key', 'list'], test.env)).json).keys;
  const states = async () => (await keys()).map(({ state }) => state);
  const rotate = async () => rotated.parse((await runJson(['key', 'rotate-signing'], test.env)).json);
  const revoke = (kid: string) => runJson(['key', 'revoke-signing', kid], test.env);

  /** What a node does with the keys. */
  const onNode = async <T>(work: (keys: StoredTokenKeys) => Promise<T>): Promise<T> => {
    const quiet = () => undefined;
    const world = { env: { ...readEnvironment(), ...test.env }, cwd: process.cwd(), stdin: process.stdin };
    const imports = [...ground(), CryptoModule, IdentityModule];
    return withApplication({ ...world, out: quiet, err: quiet }, { imports }, (app) => work(app.get(StoredTokenKeys)));
  };
  const firstKey = async () => (await onNode((stored) => stored.signingKey())).kid;
  const aged = (column: string, minutes: number) =>
    test.pool.query(`update signing_keys set ${column} = ${column} - make_interval(mins => $1)`, [minutes]);

  beforeEach(async () => {
    test = await openTestDeployment();
  });
  afterEach(() => test.close());

  it('lists keys from their first day to their last, and never a private one', async () => {
    expect((await runCli(['key', 'list'], test.env)).out).toBe('No keys: the first sign-in makes one.\n');
    const first = await firstKey();
    const { kid: next, made, signs_after: signsAfter } = await rotate();
    expect(made).toBe(true);
    expect(await keys()).toEqual([
      expect.objectContaining({ kid: first, state: 'active', signs_after: null, verifies_until: null }),
      expect.objectContaining({ kid: next, state: 'next', signs_after: signsAfter, activated_at: null }),
    ]);
    await aged('created_at', 11);
    await onNode((stored) => stored.tend());
    const [old, young] = await keys();
    expect(old).toMatchObject({ kid: first, state: 'retired' });
    expect(Date.parse(old?.verifies_until ?? '') - Date.parse(old?.retired_at ?? '')).toBe(61 * 60_000);
    expect(young).toMatchObject({ kid: next, state: 'active', activated_at: old?.retired_at });

    await rotate();
    const { exitCode, out, err } = await runCli(['key', 'list'], test.env);
    expect({ exitCode, err }).toEqual({ exitCode: EXIT.ok, err: '' });
    const [heading, ...rows] = out.trimEnd().split('\n');
    expect(heading).toMatch(/^KID +ALGORITHM +CREATED +STATE$/);
    expect(rows[0]).toMatch(new RegExp(`^${first} +ES256 +${MOMENT} +retired, verifies until ${MOMENT}$`));
    expect(rows[1]).toMatch(new RegExp(`^${next} +ES256 +${MOMENT} +active, signs since ${MOMENT}$`));
    expect(rows[2]).toMatch(new RegExp(`^sgk_\\w+ +ES256 +${MOMENT} +next, signs after ${MOMENT}$`));
    const { rows: stored } = await test.pool.query<{ sealed: string }>(
      'select private_sealed as sealed from signing_keys',
    );
    expect(stored).toHaveLength(3);
    const all = out + JSON.stringify(await runJson(['key', 'list'], test.env));
    for (const { sealed } of stored) expect(all).not.toContain(sealed.slice(0, 20));
    expect(all).not.toMatch(/private|sealed|jwk/i);

    await aged('retired_at', 62);
    await onNode((stored) => stored.tend());
    expect(await states()).toEqual(['active', 'next']);
  }, 60_000);

  it('begins one rotation at a time', async () => {
    await firstKey();
    const { kid, signs_after: signsAfter } = await rotate();
    const { out } = await runCli(['key', 'rotate-signing'], test.env);
    expect(out).toBe(
      `No new key: ${kid} waits already. It signs a few minutes after ${signsAfter}, if a node or a worker runs.\n`,
    );
    expect(await rotate()).toEqual({ kid, made: false, signs_after: signsAfter });
    expect(await states()).toEqual(['active', 'next']);
  });

  it('never leaves an installation without a key that signs', async () => {
    const first = await firstKey();
    const alone = await revoke(first);
    const [gone, second] = await keys();
    expect(alone).toMatchObject({
      exitCode: EXIT.ok,
      json: { kid: first, state_before: 'active', signing_kid: second?.kid },
    });
    expect([gone?.state, second?.state]).toEqual(['revoked', 'active']);
    expect(await firstKey()).toBe(second?.kid);
    // With one waiting, that one, without its ten minutes.
    const { kid: next } = await rotate();
    const { exitCode, out, err } = await runCli(['key', 'revoke-signing', second?.kid ?? ''], test.env);
    expect({ exitCode, out, err }).toEqual({
      exitCode: EXIT.ok,
      out: `${second?.kid} is revoked. ${next} signs.\n`,
      err: '',
    });
    expect(await states()).toEqual(['revoked', 'revoked', 'active']);
    const { rows } = await test.pool.query(
      "select 1 from signing_keys where state = 'revoked' and private_sealed is not null",
    );
    expect(rows).toEqual([]);
  });

  it('may be told twice, and fails for a key that there is not', async () => {
    const first = await firstKey();
    await revoke(first);
    const [, second] = await keys();
    expect(await revoke(first)).toMatchObject({
      exitCode: EXIT.ok,
      json: { kid: first, state_before: 'revoked', signing_kid: second?.kid },
    });
    for (const kid of ['sgk_01JCZK5V4W8Q2M7N9P3R6T1XYZ', 'what is this']) {
      expect(await revoke(kid)).toMatchObject({ exitCode: EXIT.failed, json: { error: { code: 'NOT_FOUND' } } });
    }
    expect(await runCli(['key', 'revoke-signing', 'sgk_1'], test.env)).toMatchObject({
      exitCode: EXIT.failed,
      out: '',
      err: expect.stringContaining('There is no such signing key.'),
    });
    expect(await states()).toEqual(['revoked', 'active']);
  });

  it('has nothing to do where a shared secret signs, and touches no stored key', async () => {
    await firstKey();
    const shared = { ...test.env, PARLEY_JWT_SECRET: 'b7f0c2d94e1a86355d20c9e87fa1463b' };
    for (const command of [['list'], ['rotate-signing'], ['revoke-signing', 'sgk_1']]) {
      const { exitCode, out, err } = await runCli(['key', ...command], shared);
      expect({ command, exitCode, out }).toEqual({ command, exitCode: EXIT.failed, out: '' });
      expect(err).toMatch(/^Access tokens are signed with a shared secret here \(HS256\): .*\n$/);
      expect(await runJson(['key', ...command], shared)).toMatchObject({ json: { error: { code: 'SHARED_SECRET' } } });
    }
    expect(await states()).toEqual(['active']);
  });

  it('exits with 3 when the database cannot be reached', async () => {
    const url = 'postgresql://app:pa55word@127.0.0.1:1/parley';
    const away = { ...test.env, DATABASE_URL: url, DATABASE_MIGRATION_URL: url };
    const { exitCode, out, err } = await runCli(['key', 'rotate-signing'], away);
    expect({ exitCode, out }).toEqual({ exitCode: EXIT.unreachable, out: '' });
    expect(err).not.toContain('pa55word');
  });
});
