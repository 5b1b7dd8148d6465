import { build, install } from './prepare.mjs';

install();
build();
await import('../dist/apps/api/src/main.js');
