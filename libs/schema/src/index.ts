import type { SchemaSource } from '@parley/platform/database';
import { jobSchema } from '@parley/platform/jobs';
import type { Migration } from 'kysely';
import { identity } from './migrations/0001-identity.js';
import { conversations } from './migrations/0002-conversations.js';

export type * from './conversations.tables.js';
export { DEFAULT_ORG_ID } from './default-organisation.js';
export type * from './identity.tables.js';

import './tables.js';

/** All migrations in the order of their names. What is applied somewhere is never edited; a change is a new one. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-identity': identity,
  '0002-conversations': conversations,
};

/** Everything that is made in a database before the program works on it. */
export const schemaSource: SchemaSource = { migrations, companions: [jobSchema] };
