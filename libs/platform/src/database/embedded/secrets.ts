import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { writeOnce } from './write-once.js';

const secretsSchema = z.strictObject({ postgres: z.string(), parley_owner: z.string(), parley_app: z.string() });

/** Passwords of the cluster's three roles. They never leave this machine: the server listens on no network. */
export type ClusterSecrets = z.infer<typeof secretsSchema>;

/** Reads `secrets.json` in the cluster's home, or makes it. */
export async function readOrMakeSecrets(home: string): Promise<ClusterSecrets> {
  const text = await writeOnce(join(home, 'secrets.json'), () => JSON.stringify(makeSecrets()));
  return secretsSchema.parse(JSON.parse(text));
}

function makeSecrets(): ClusterSecrets {
  const password = () => randomBytes(24).toString('base64url');
  return { postgres: password(), parley_owner: password(), parley_app: password() };
}
