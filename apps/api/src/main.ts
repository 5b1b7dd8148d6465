import 'reflect-metadata';
import { loadConfig } from '@parley/platform/config';
import { explainRefusal } from '@parley/platform/errors';

try {
  const config = loadConfig();
  // What costs time to load comes after the configuration: a refusal comes at once.
  const { start } = await import('./bootstrap.js');
  console.log(await start(config));
} catch (error) {
  console.error(explainRefusal(error));
  process.exit(1);
}
