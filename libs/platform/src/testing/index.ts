export { eventually } from './eventually.js';
export { freePort } from './free-port.js';
export { describeWhen } from './installed-server.js';
export {
  describeOnPostgresServer,
  openTestPostgres,
  type TestPostgres,
} from './postgres-server.js';
export { describeOnRedis, openTestRedis, type TestRedis } from './redis-server.js';
export { SilentNetwork } from './silent-network.js';
export { openTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database.js';
