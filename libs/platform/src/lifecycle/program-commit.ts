import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const HASH = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
let known: string | null | undefined;

/**
 * Revision of the sources: from a file `COMMIT` beside the program (images are built without the
 * repository), else from the repository that it runs in; null where there is neither.
 */
export function programCommit(): string | null {
  if (known === undefined) known = findCommit(import.meta.dirname);
  return known;
}

/** @param start the innermost folder that is looked at; those above it follow. */
export function findCommit(start: string): string | null {
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    const commit = readHash(join(folder, 'COMMIT')) ?? readHead(join(folder, '.git'));
    if (commit !== null) return commit;
  }
  return null;
}

function readHead(repository: string): string | null {
  const head = read(join(repository, 'HEAD'));
  const reference = /^ref: (refs\/\S+)$/.exec(head)?.[1];
  if (reference === undefined) return HASH.test(head) ? head : null;
  return readHash(join(repository, reference)) ?? readPacked(join(repository, 'packed-refs'), reference);
}

function readPacked(file: string, reference: string): string | null {
  const line = read(file)
    .split('\n')
    .find((each) => each.endsWith(` ${reference}`));
  const hash = line?.split(' ', 1)[0] ?? '';
  return HASH.test(hash) ? hash : null;
}

function readHash(file: string): string | null {
  const text = read(file);
  return HASH.test(text) ? text : null;
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
}
