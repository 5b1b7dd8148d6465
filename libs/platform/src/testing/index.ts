export { freePort } from './free-port.js';
export { describeWhen } from './installed-server.js';
export {
  describeOnPostgresServer,
  openTestPostgres,
  postgresServerBinaries,
  type TestPostgres,
} from './postgres-server.js';
export { describeOnRedis, openTestRedis, redisServerBinary, type TestRedis } from './redis-server.js';
export type { TestServer } from './test-cluster.js';
export { openTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database.js';
