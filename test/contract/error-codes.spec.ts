import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { platformErrors } from '@parley/platform/errors';
import { ProblemCatalogue } from '@parley/platform/http';
import { errorCatalogues } from '../../apps/api/src/error-catalogues.js';
import { ROOT } from '../support/root.js';

/** Every source of the program but tests. */
function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true }).flatMap((entry) =>
    entry.isFile() && entry.name.endsWith('.ts') && !/-?spec\.ts$|\.factory\.ts$/.test(entry.name)
      ? [join(entry.parentPath, entry.name)]
      : [],
  );
}

const files = ['apps', 'libs'].flatMap(sources);
const texts = files.map((file) => readFileSync(file, 'utf8'));
const isCatalogue = (text: string): boolean => /= defineErrors\(\{/.test(text);
const using = texts.filter((text) => !isCatalogue(text));
const catalogues = [platformErrors, ...errorCatalogues];
const all = new ProblemCatalogue(catalogues).all();

/** Codes as a catalogue's source declares them. */
function declaredIn(text: string): string[] {
  return [...text.matchAll(/^ {2}([A-Z][A-Z0-9_]+): \{/gm)].map(([, code = '']) => code);
}

it('knows every code that a library declares, each once', () => {
  const declared = texts.filter(isCatalogue).flatMap(declaredIn).sort();
  expect(new Set(declared).size).toBe(declared.length);
  expect(declared).toEqual(all.map(({ code }) => code).sort());
  expect(declared.length).toBeGreaterThan(50);
});

it('documents every code, and none that is not', () => {
  const documented = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')
    .split('\n')
    .flatMap((line) => /^\| `([A-Z0-9_]+)` \| (\d+) \|/.exec(line)?.slice(1, 3).join(' ') ?? []);
  expect(documented).toEqual(all.map(({ code, status }) => `${code} ${status}`));
});

it.each(all)('$code is given by some part of the program', ({ code }) => {
  const word = new RegExp(`\\b${code}\\b`);
  // A comment that names it gives it to nobody.
  const given = using.some((text) =>
    text.split('\n').some((line) => word.test(line) && !/^\s*(\/\/|\/?\*)/.test(line)),
  );
  expect(given).toBe(true);
});

it.each(all)('$code says what it means and what to do, in sentences', ({ title, remedy, status }) => {
  expect(title).toMatch(/^[A-Z].*\.$/);
  expect(remedy).toMatch(/^[A-Z`a-z].*[.)]$/);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(600);
});
