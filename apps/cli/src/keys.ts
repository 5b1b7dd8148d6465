import { IdentityModule, type SigningKeyFacts, StoredTokenKeys } from '@parley/auth';
import { loadConfig } from '@parley/platform/config';
import { CryptoModule } from '@parley/platform/crypto';
import { withApplication } from './application.js';
import { NotHere } from './failure.js';
import { ground } from './ground.js';
import { done, type Outcome, table } from './outcome.js';
import type { World } from './world.js';

async function withKeys(world: World, work: (keys: StoredTokenKeys) => Promise<Outcome>): Promise<Outcome> {
  const config = loadConfig({ env: world.env, cwd: world.cwd });
  if (config.auth.jwt_secret !== null) {
    throw new NotHere(
      'SHARED_SECRET',
      'Access tokens are signed with a shared secret here (HS256): change PARLEY_JWT_SECRET on every node instead.',
    );
  }
  const imports = [...ground(), CryptoModule, IdentityModule];
  return withApplication(world, { config, imports }, (app) => work(app.get(StoredTokenKeys)));
}

/** `parley key list` */
export function listKeys(world: World): Promise<Outcome> {
  return withKeys(world, async (keys) => {
    const all = await keys.describe();
    return done(all.length === 0 ? 'No keys: the first sign-in makes one.' : keysTable(all), { keys: all.map(toJson) });
  });
}

/** `parley key rotate-signing` */
export function rotateSigning(world: World): Promise<Outcome> {
  return withKeys(world, async (keys) => {
    const { kid, made, signsAfter } = await keys.rotate();
    const when = `It signs a few minutes after ${signsAfter.toISOString()}, if a node or a worker runs.`;
    return done(`${made ? `${kid} is published.` : `No new key: ${kid} waits already.`} ${when}`, {
      kid,
      made,
      signs_after: signsAfter.toISOString(),
    });
  });
}

/** `parley key revoke-signing` */
export function revokeSigning(world: World, kid: string): Promise<Outcome> {
  return withKeys(world, async (keys) => {
    const { before, signing } = await keys.revoke(kid);
    const text = before === 'revoked' ? `${kid} was revoked before.` : `${kid} is revoked.`;
    return done(`${text} ${signing} signs.`, { kid, state_before: before, signing_kid: signing });
  });
}

function keysTable(keys: readonly SigningKeyFacts[]): string {
  const rows = keys.map((key) => [key.kid, key.algorithm, key.createdAt.toISOString(), describeState(key)]);
  return table(['KID', 'ALGORITHM', 'CREATED', 'STATE'], rows);
}

function describeState({ state, activatedAt, signsAfter, verifiesUntil }: SigningKeyFacts): string {
  switch (state) {
    case 'next':
      return `next, signs after ${momentOf(signsAfter)}`;
    case 'active':
      return `active, signs since ${momentOf(activatedAt)}`;
    case 'retired':
      return `retired, verifies until ${momentOf(verifiesUntil)}`;
    case 'revoked':
      return 'revoked';
  }
}

function toJson(key: SigningKeyFacts): object {
  const { kid, algorithm, state } = key;
  return {
    ...{ kid, algorithm, state },
    created_at: key.createdAt.toISOString(),
    activated_at: momentOf(key.activatedAt),
    retired_at: momentOf(key.retiredAt),
    signs_after: momentOf(key.signsAfter),
    verifies_until: momentOf(key.verifiesUntil),
  };
}

function momentOf(moment: Date | null): string | null {
  return moment === null ? null : moment.toISOString();
}
