import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from '../support/root.js';

/** The pages that people read: at the root, and below `docs`. */
export function pages(): string[] {
  const at = (folder: string, recursive: boolean) =>
    readdirSync(join(ROOT, folder), { recursive, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name));
  return [...at('.', false), ...at('docs', true)].map((path) => relative(ROOT, join(ROOT, path))).sort();
}

export function readPage(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export interface TestedBlock {
  readonly name: string;
  readonly language: string;
  readonly code: string;
}

/** Code blocks that stand below `<!-- tested: name -->`, in order. */
export function testedBlocks(markdown: string): TestedBlock[] {
  return [...markdown.matchAll(/^<!-- tested: ([\w-]+) -->\n```(\w+)\n([\s\S]*?)^```$/gm)].map(
    ([, name = '', language = '', code = '']) => ({ name, language, code }),
  );
}

/** Targets of links and pictures that lead to files of this repository, code left out. */
export function fileLinks(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^([a-z]+:|#)/.test(target));
}

/** Anchors of a page's headings, as GitHub makes them. */
export function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Files that a page tells its reader to write, below `<!-- file: path -->`. */
export function shownFiles(markdown: string): { readonly path: string; readonly content: string }[] {
  return [...markdown.matchAll(/^<!-- file: (\S+) -->\n```\w+\n([\s\S]*?)^```$/gm)].map(
    ([, path = '', content = '']) => ({ path, content }),
  );
}
