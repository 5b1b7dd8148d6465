import { randomBytes } from 'node:crypto';
import { configFolder, removeConfigFolders } from './config.factory.js';
import { loadConfig } from './load.js';
import { maskConfig } from './mask-config.js';

afterAll(removeConfigFolders);

describe('maskConfig', () => {
  it('shows what is set, and of secrets only that they are', () => {
    const secrets = {
      DATABASE_URL: 'postgres://parley:planted-1@db/parley',
      REDIS_URL: 'redis://:planted-2@cache',
      PARLEY_KEK: randomBytes(32).toString('base64'),
      PARLEY_JWT_SECRET: 'planted-3'.repeat(4),
      PARLEY_ADMIN_PASSWORD: 'planted-4',
      OPENAI_API_KEY: 'planted-5',
      PARLEY__METRICS__TOKEN: 'planted-6',
      PARLEY__MODELS__PROVIDERS__OLLAMA__HEADERS: '{"authorization":"planted-7"}',
    };
    const env = { ...secrets, PARLEY_ADMIN_EMAIL: 'a@b.cd', OLLAMA_BASE_URL: 'http://joe:planted-8@ollama:11434/v1' };
    const shown = maskConfig(loadConfig({ env, cwd: configFolder() }));
    const text = JSON.stringify(shown);
    expect(text).not.toContain('planted');
    expect(text).not.toContain(secrets.PARLEY_KEK);
    expect(shown).toMatchObject({
      admin: { email: 'a@b.cd', password: '[secret]' },
      database: { url: '[secret]', migration_url: null, pool_size: 7 },
      models: {
        providers: {
          openai: { api_key: '[secret]', headers: {} },
          ollama: { base_url: 'http://[secret]@ollama:11434/v1', headers: { authorization: '[secret]' } },
        },
      },
      cors: { origins: [] },
    });
  });

  it('leaves the configuration as it was', () => {
    const config = loadConfig({ env: { OPENAI_API_KEY: 'k' }, cwd: configFolder() });
    maskConfig(config);
    expect(config.models.providers.openai.api_key).toBe('k');
  });
});
