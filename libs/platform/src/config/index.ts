export { ConfigError } from './config.errors.js';
export { CONFIG, ConfigModule } from './config.module.js';
export {
  describeConfig,
  describeSections,
} from './describe-config.js';
export { type Environment, readEnvironment } from './environment.js';
export { errorCode } from './error-code.js';
export { isLimitClass, LIMIT_CLASSES, type LimitClassName, type LimitKey, type LimitRule } from './limit-classes.js';
export { loadConfig, sourceOf } from './load.js';
export { maskConfig } from './mask-config.js';
/** @public scripts/gen.mjs takes it from the build, which holds only what a door names */
export { renderConfigReference } from './render-config-reference.js';
/** @public as above */
export { renderEnvExample } from './render-env-example.js';
export { type Config, configSchema } from './schema.js';
export { decodeWrappingKey, wrappingKeyId } from './shapes.js';
