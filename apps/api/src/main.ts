import 'reflect-metadata';
import { loadConfig } from '@parley/platform/config';
import { start } from './bootstrap.js';
import { greeting } from './greeting.js';
import { refusal } from './refusal.js';

try {
  const config = loadConfig();
  const app = await start(config);
  console.log(greeting(app, config, await app.getUrl()));
} catch (error) {
  console.error(refusal(error));
  process.exit(1);
}
