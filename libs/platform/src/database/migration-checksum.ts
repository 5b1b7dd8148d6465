import { createHash } from 'node:crypto';
import {
  type CompiledQuery,
  type DatabaseConnection,
  DummyDriver,
  Kysely,
  type Migration,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';

/**
 * SHA-256 (hex) of what a migration says to an empty database: the texts of its statements, whitespace
 * folded, without values. Comments, formatting and the compiler that built it do not change it; an
 * edited statement does.
 */
export async function migrationChecksum(migration: Migration): Promise<string> {
  const hash = createHash('sha256');
  const db = new Kysely<unknown>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new RecordingDriver((text) => hash.update(`${text.replace(/\s+/g, ' ').trim()};\n`)),
      createIntrospector: (kysely) => new PostgresIntrospector(kysely),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
  await migration.up(db);
  return hash.digest('hex');
}

class RecordingDriver extends DummyDriver {
  constructor(private readonly record: (text: string) => void) {
    super();
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return new RecordingConnection(this.record);
  }
}

class RecordingConnection implements DatabaseConnection {
  constructor(private readonly record: (text: string) => void) {}

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    this.record(query.sql);
    return { rows: [] };
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('a migration does not stream');
  }
}
