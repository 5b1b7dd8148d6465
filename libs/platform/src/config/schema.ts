import { z } from 'zod';
import { authSections } from './auth.schema.js';
import { httpSections } from './http.schema.js';
import { modelSections } from './models.schema.js';
import { runSections } from './runs.schema.js';
import { text } from './shapes.js';
import { storageSections } from './storage.schema.js';

/**
 * Every configuration key, with its default, bounds and meaning. The reference in
 * `docs/configuration.md` and `.env.example` are generated from this schema.
 */
export const configSchema = z.strictObject({
  env: z
    .enum(['development', 'staging', 'production', 'docker', 'test'])
    .default('development')
    .describe('Which config/<name>.yaml is laid over the default.'),
  data_dir: text()
    .default('./data')
    .describe('Embedded database, blobs and generated secrets; one serving process at a time.'),
  ...httpSections,
  ...storageSections,
  ...authSections,
  ...modelSections,
  ...runSections,
});

export type Config = z.infer<typeof configSchema>;
