export { DatabaseAccess } from './access.js';
export { isConnectionLost, isPassing, violatedConstraint } from './database.errors.js';
export {
  type Acting,
  Database,
  type Executor,
  NO_ORGANISATION,
  /** @public libs/schema augments it */ type Tables,
  type TransactionOptions,
} from './database.js';
export { DatabaseModule } from './database.module.js';
export { DatabaseStartError } from './database-start.error.js';
export { type CompanionSchema, SchemaMigrator, type SchemaSource } from './migrator.js';
export { openDatabase } from './open-database.js';
export { type SchemaReport, SchemaState } from './schema-state.js';
export type { MigrationState } from './schema-status.js';
export { ServerInspector, type ServerReport } from './server-inspector.js';
export { refuseVersion, weakWalls } from './server-requirements.js';
export { type BoundStatement, type Part, part, Statement } from './statement.js';
