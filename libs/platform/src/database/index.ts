export { sqlState, violatedConstraint } from './database.errors.js';
export { type Acting, APP_POOL, Database, type Executor, type Tables, type TransactionOptions } from './database.js';
