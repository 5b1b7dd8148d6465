/**
 * Runs the fake model as a process of its own: `node test/support/fake-model/start.mjs [port]`.
 * Prints one line of JSON with its URLs when it listens; is scripted through `/_fake/…`.
 * Node cannot run TypeScript, so the folder is first translated into `.cache/fake-model`.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';

const source = import.meta.dirname;
const target = join(source, '../../../.cache/fake-model');
mkdirSync(target, { recursive: true });
for (const file of readdirSync(source).filter((name) => name.endsWith('.ts') && !name.endsWith('-spec.ts'))) {
  const { code } = transformSync(readFileSync(join(source, file), 'utf8'), {
    filename: file,
    swcrc: false,
    module: { type: 'es6' },
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  });
  writeFileSync(join(target, file.replace(/\.ts$/, '.js')), code);
}
writeFileSync(join(target, 'package.json'), '{"type":"module"}');

const { FakeModel } = await import(pathToFileURL(join(target, 'index.js')).href);
const fake = await FakeModel.start({ port: Number(process.argv[2] ?? 0), keep: Number(process.env.FAKE_KEEP ?? 1000) });
const { url, anthropicUrl, googleUrl, port } = fake;
process.stdout.write(`${JSON.stringify({ url, anthropicUrl, googleUrl, port })}\n`);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => fake.stop().then(() => process.exit(0)));
