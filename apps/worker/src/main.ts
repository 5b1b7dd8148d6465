import 'reflect-metadata';
import { loadConfig } from '@parley/platform/config';
import { explainRefusal } from '@parley/platform/errors';

try {
  const config = loadConfig();
  // What costs time to load comes after the configuration: a refusal comes at once.
  const { start } = await import('./bootstrap.js');
  await start(config);
  console.log('Parley worker is ready: jobs, waiting messages and lapsed runs');
} catch (error) {
  console.error(explainRefusal(error));
  process.exit(1);
}
