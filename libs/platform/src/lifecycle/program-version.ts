import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

const packageSchema = z.object({ name: z.string(), version: z.string() });

let known: string | undefined;

/** Version of the program, from the package.json above this file (built or not). */
export function programVersion(): string {
  known ??= findVersion();
  return known;
}

function findVersion(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (!existsSync(file)) continue;
    const { name, version } = packageSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    if (name === 'parley') return version;
  }
  return 'unknown';
}
