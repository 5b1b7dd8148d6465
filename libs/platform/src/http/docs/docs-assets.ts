import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StreamableFile } from '@nestjs/common';
import { platformErrors } from '../../errors/index.js';

const require = createRequire(import.meta.url);

const JAVASCRIPT = 'text/javascript; charset=utf-8';

interface Packaged {
  readonly pkg: string;
  readonly path: string;
  readonly type: string;
  /** What is replaced in the file, since our content security policy would refuse it. */
  readonly mended?: ReadonlyArray<readonly [from: string, to: string]>;
}

/** The only files that are served: by name, from the packages that they come with. */
const PACKAGED: Readonly<Record<string, Packaged>> = {
  'swagger-ui.css': { pkg: 'swagger-ui-dist', path: 'swagger-ui.css', type: 'text/css; charset=utf-8' },
  'swagger-ui-bundle.js': { pkg: 'swagger-ui-dist', path: 'swagger-ui-bundle.js', type: JAVASCRIPT },
  'favicon-32x32.png': { pkg: 'swagger-ui-dist', path: 'favicon-32x32.png', type: 'image/png' },
  'redoc.standalone.js': {
    pkg: 'redoc',
    path: 'bundles/redoc.standalone.js',
    type: JAVASCRIPT,
    mended: [
      // It styles its scrollbars while it loads, before the option `nonce` reaches it.
      ['r.nc=void 0', 'r.nc=document.currentScript.nonce'],
      // A logo from its maker's servers, who would learn of every visit. Where none loads, it shows none.
      ['https://cdn.redoc.ly/redoc/logo-mini.svg', 'data:,'],
    ],
  },
};

/** What starts the two pages: the addresses stand beside the script, so that nothing is inline. */
const OWN: Readonly<Record<string, string>> = {
  'swagger-start.js': `'use strict';
const here = document.currentScript;
window.ui = SwaggerUIBundle({
  url: here.dataset.document,
  dom_id: '#docs',
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
`,
  'redoc-start.js': `'use strict';
const here = document.currentScript;
Redoc.init(
  here.dataset.document,
  { nonce: here.nonce, disableSearch: true, hideDownloadButton: false },
  document.getElementById('docs'),
);
`,
};

/**
 * @throws NOT_FOUND for every other name
 * @throws Error when a package no longer holds what is mended in it
 */
export async function openAsset(name: string): Promise<{ type: string; content: string | StreamableFile }> {
  if (Object.hasOwn(OWN, name)) return { type: JAVASCRIPT, content: OWN[name] ?? '' };
  const found = Object.hasOwn(PACKAGED, name) ? PACKAGED[name] : undefined;
  if (found === undefined) throw platformErrors.NOT_FOUND();
  const { pkg, path, type, mended } = found;
  const file = join(dirname(require.resolve(`${pkg}/package.json`)), path);
  if (mended === undefined) return { type, content: new StreamableFile(createReadStream(file), { type }) };
  return { type, content: mended.reduce(replaceOnce, await readFile(file, 'utf8')) };
}

function replaceOnce(text: string, [from, to]: readonly [string, string]): string {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`“${from}” stands ${parts.length - 1} times in the file, not once`);
  return parts.join(to);
}
