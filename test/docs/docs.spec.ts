import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { anchors, fileLinks, pages, ROOT, readPage } from './markdown.factory.js';

const VARIABLE = /\bPARLEY_[A-Z0-9_]*[A-Z0-9]\b/g;
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

describe.each(pages())('%s', (page) => {
  const text = readPage(page);

  it('links only to what is there', () => {
    const broken = fileLinks(text).filter((link) => !leadsSomewhere(page, link));
    expect(broken).toEqual([]);
  });

  it('names only variables of the configuration reference', () => {
    const known = readPage('docs/configuration.md');
    const named = [...new Set(text.match(VARIABLE) ?? [])].map((name) => name.replace(/_FILE$/, ''));
    const unknown = named.filter((name) => !known.includes(`\`${name}\``) && !OF_THE_TESTS.has(name));
    // PARLEY_CONFIG_FILE ends like the variables that name a file.
    expect(unknown.filter((name) => name !== 'PARLEY_CONFIG' && page !== 'docs/configuration.md')).toEqual([]);
  });

  it('names only source files that there are', () => {
    const named = [...text.matchAll(/`(?:[\w./-]*\/)?([a-z][\w.-]+\.ts)`/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !SOURCES.has(name) && !/^(your-case|x)\./.test(name))).toEqual([]);
  });

  it('names only npm scripts that there are', () => {
    const named = [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(([, run, short]) => run ?? short);
    expect(named.filter((name) => !Object.hasOwn(scripts, name ?? ''))).toEqual([]);
  });
});

/** Read by the test runner, not by the program. */
const OF_THE_TESTS = new Set(['PARLEY_TEST_DEEP']);

const SOURCES = new Set(
  ['apps', 'libs', 'test'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => basename(path)),
  ),
);

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#', 2);
  const target = join(ROOT, dirname(page), decodeURI(path));
  if (relative(ROOT, target).startsWith('..') || !existsSync(target)) return false;
  if (anchor === undefined || statSync(target).isDirectory()) return true;
  return anchors(readFileSync(target, 'utf8')).includes(anchor);
}
