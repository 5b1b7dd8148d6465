import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StreamableFile } from '@nestjs/common';
import { platformErrors } from '../../errors/index.js';

const require = createRequire(import.meta.url);

const JAVASCRIPT = 'text/javascript; charset=utf-8';

/** The only files that are served: by name, from the packages that they come with. */
const PACKAGED: Readonly<Record<string, { pkg: string; path: string; type: string }>> = {
  'swagger-ui.css': { pkg: 'swagger-ui-dist', path: 'swagger-ui.css', type: 'text/css; charset=utf-8' },
  'swagger-ui-bundle.js': { pkg: 'swagger-ui-dist', path: 'swagger-ui-bundle.js', type: JAVASCRIPT },
  'favicon-32x32.png': { pkg: 'swagger-ui-dist', path: 'favicon-32x32.png', type: 'image/png' },
  'redoc.standalone.js': { pkg: 'redoc', path: 'bundles/redoc.standalone.js', type: JAVASCRIPT },
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

/** @throws NOT_FOUND for every other name */
export function openAsset(name: string): { type: string; content: string | StreamableFile } {
  if (Object.hasOwn(OWN, name)) return { type: JAVASCRIPT, content: OWN[name] ?? '' };
  const found = Object.hasOwn(PACKAGED, name) ? PACKAGED[name] : undefined;
  if (found === undefined) throw platformErrors.NOT_FOUND();
  const folder = dirname(require.resolve(`${found.pkg}/package.json`));
  const stream = createReadStream(join(folder, found.path));
  return { type: found.type, content: new StreamableFile(stream, { type: found.type }) };
}
