import { ConfigError, loadConfig, maskConfig } from '@parley/platform/config';
import { stringify } from 'yaml';
import { done, EXIT, type Outcome } from './outcome.js';
import type { World } from './world.js';

/** `parley config check`: a refused configuration is what it looks for (exit code 1). */
export async function checkConfig(world: World): Promise<Outcome> {
  try {
    const config = maskConfig(loadConfig({ env: world.env, cwd: world.cwd }));
    return done(`${stringify(config)}\nThe configuration is valid.`, { valid: true, config });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { exitCode: EXIT.failed, text: error.message, json: { valid: false, findings: error.findings } };
  }
}
