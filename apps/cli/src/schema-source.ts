import type { SchemaSource } from '@parley/platform/database';
import { migrations } from '@parley/schema';

/** Everything that `parley migrate` makes in a database. */
export const schemaSource: SchemaSource = { migrations };
