import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { describeConfig, describeSections, isLimitClass, LIMIT_CLASSES } from '@parley/platform/config';
import { runCli } from '../../apps/cli/src/cli.factory.js';
import { ROOT } from '../support/root.js';
import { anchors, fileLinks, pages, readPage } from './markdown.factory.js';

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

  it('names only keys of the configuration that there are', () => {
    const named = [...text.matchAll(/`([a-z_]+(?:\.[a-z_]+)+)(?::[^`]*)?`/g)].map(([, key = '']) => key);
    const ours = named.filter((key) => SECTIONS.has(key.split('.', 1)[0] ?? '') && !ELSEWHERE.test(key));
    expect(ours.filter((key) => !KEYS.has(key) && !Object.hasOwn(LIMIT_CLASSES, key))).toEqual([]);
  });

  it('names only problems and variables that there are', () => {
    const named = [...text.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`/g)].map(([, name = '']) => name);
    const known = `${readPage('docs/errors.md')}${readPage('docs/configuration.md')}`;
    const plain = named.map((name) => (name === 'PARLEY_CONFIG_FILE' ? name : name.replace(/_FILE$/, '')));
    expect(plain.filter((name) => !known.includes(`\`${name}\``))).toEqual([]);
  });

  it('names only routes that there are', () => {
    const named = [...text.matchAll(/`(GET|POST|PUT|DELETE) ([/…][^`?\s]*)/g)];
    const unknown = named.filter(([, method = '', path = '']) => !isRoute(method.toLowerCase(), path));
    expect(unknown.map(([whole]) => whole)).toEqual([]);
  });

  it('names only commands and options that there are', async () => {
    const lines = [...text.matchAll(/(?:^|`|&& )parley ([a-z][^`&|<\n]*)/gm)].map(([, line = '']) => line);
    const refusals = await Promise.all(lines.map(refusalOf));
    expect(refusals.filter((refusal) => refusal !== null)).toEqual([]);
  });

  it('names only npm scripts that there are', () => {
    const named = [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(([, run, short]) => run ?? short);
    expect(named.filter((name) => !Object.hasOwn(scripts, name ?? ''))).toEqual([]);
  });
});

it('docs/operations.md tells the limits as they are', () => {
  const rows = [...readPage('docs/operations.md').matchAll(/^\| `([\w.]+)` \| (\w+) \| (\d+) an? (\w+) \|/gm)];
  expect(rows.length).toBeGreaterThan(10);
  for (const [, name = '', by = '', limit, unit = ''] of rows) {
    const [rule] = isLimitClass(name) ? LIMIT_CLASSES[name] : [];
    const key = by === 'person' ? 'principal' : by;
    expect({ name, ...rule }).toMatchObject({ name, key, limit: Number(limit), perSeconds: SECONDS[unit] });
  }
});

const SECONDS: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600 };
const KEYS = new Set([...describeConfig(), ...describeSections()].map(({ name }) => name));
const SECTIONS = new Set(describeSections().map(({ name }) => name.split('.', 1)[0]));
/** Names of another kind that look like keys: files, and the token of a Socket.IO handshake. */
const ELSEWHERE = /\.ts$|^auth\.token$/;
const ROUTES = Object.entries<object>(JSON.parse(readPage('docs/generated/openapi.json')).paths);

/** Written whole, without its prefix, or from `…` on; names in braces and values in their place are the same. */
function isRoute(method: string, path: string): boolean {
  const words = path.replace(/^…/, '').split('/');
  return ROUTES.some(([route, methods]) => {
    const parts = route.split('/');
    const offered = path.startsWith('…')
      ? parts.slice(-words.length + 1)
      : parts.slice(parts.length - words.length + 1);
    const prefix = parts.slice(0, parts.length - offered.length).join('/');
    if (!path.startsWith('…') && !['', '/api/v1'].includes(prefix)) return false;
    const same = offered.every((part, index) => part === words[index + 1] || part.startsWith('{'));
    return same && Object.hasOwn(methods, method);
  });
}

/** What the command line would say against a line of a page, were it given; null: nothing. */
async function refusalOf(line: string): Promise<string | null> {
  const words = line.replaceAll(/[[\]]/g, ' ').trim().split(/\s+/);
  const names = words.filter((word) => /^[a-z][a-z-]*$/.test(word));
  const options = words.filter((word) => word.startsWith('--')).map((word) => word.replace(/=.*/, ''));
  for (let depth = names.length; depth > 0; depth -= 1) {
    const { exitCode, out } = await runCli([...names.slice(0, depth), '--help']);
    if (exitCode !== 0 || !out.startsWith(`Usage: parley ${names.slice(0, depth).join(' ')}`)) continue;
    if (depth < names.length && out.includes('\nCommands:')) break;
    const missing = options.filter((option) => !out.includes(option));
    return missing.length === 0 ? null : `${line}: ${missing.join(', ')}`;
  }
  return `${line}: no such command`;
}

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
