/**
 * Names that deployments know besides `PARLEY__SECTION__KEY`. Where both are set the long one
 * counts: shells and platforms export HOST and PORT for reasons of their own.
 */
export const SHORT_NAMES: Readonly<Record<string, string>> = {
  PARLEY_ENV: 'env',
  PARLEY_DATA_DIR: 'data_dir',
  HOST: 'http.host',
  PORT: 'http.port',
  DATABASE_URL: 'database.url',
  DATABASE_MIGRATION_URL: 'database.migration_url',
  REDIS_URL: 'redis.url',
  PARLEY_KEK: 'keys.kek',
  PARLEY_JWT_SECRET: 'auth.jwt_secret',
  PARLEY_ADMIN_EMAIL: 'admin.email',
  PARLEY_ADMIN_PASSWORD: 'admin.password',
  OPENAI_API_KEY: 'models.providers.openai.api_key',
  OPENAI_BASE_URL: 'models.providers.openai.base_url',
  ANTHROPIC_API_KEY: 'models.providers.anthropic.api_key',
  ANTHROPIC_BASE_URL: 'models.providers.anthropic.base_url',
  GOOGLE_GENERATIVE_AI_API_KEY: 'models.providers.google.api_key',
  OLLAMA_BASE_URL: 'models.providers.ollama.base_url',
  PARLEY_MODEL: 'models.roles.default',
  PARLEY_FAST_MODEL: 'models.roles.fast',
  PARLEY_VISION_MODEL: 'models.roles.vision',
  PARLEY_JUDGE_MODEL: 'models.roles.judge',
  PARLEY_EMBEDDING_MODEL: 'models.roles.embedding',
};

/** Names one more YAML file; not a key, because it says where keys come from. */
export const CONFIG_FILE_VARIABLE = 'PARLEY_CONFIG_FILE';

/** `PARLEY_KEK_<id>` holds an earlier key-encryption key. */
export const OLDER_KEK_PREFIX = 'PARLEY_KEK_';
