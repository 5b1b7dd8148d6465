export { type Config, configSchema } from './schema.js';
