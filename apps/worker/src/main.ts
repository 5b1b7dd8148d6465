import 'reflect-metadata';
import { start } from './bootstrap.js';

try {
  await start();
  console.log('Parley worker is ready: jobs, waiting messages and lapsed runs');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
