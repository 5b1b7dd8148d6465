import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openTestDatabase, type TestDatabase } from '@parley/platform/testing';
import { FakeModel } from '../support/fake-model/index.js';
import { ParleyNode } from '../support/nodes/parley-node.js';
import { ROOT } from '../support/root.js';

const CACHE = join(ROOT, '.cache');

let folder: string;
let database: TestDatabase;
let model: FakeModel;
let node: ParleyNode;

/** Within the repository, so that what is compiled there finds the types of Node. */
beforeAll(async () => {
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(join(CACHE, 'typed-client-'));
  [database, model] = await Promise.all([openTestDatabase(), FakeModel.start()]);
  model.always({ text: 'A list that only grows.' });
  node = await ParleyNode.start({
    env: {
      DATABASE_URL: database.appUrl,
      DATABASE_MIGRATION_URL: database.ownerUrl,
      OPENAI_BASE_URL: model.url,
      PARLEY_MODEL: 'openai:fake-1',
      PARLEY_DATA_DIR: join(folder, 'data'),
    },
  });
}, 60_000);

afterAll(async () => {
  await node?.stop();
  await model.stop();
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Not synchronously: the model of the journey lives in this process. */
async function run(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { cwd: folder });
  return stdout;
}

it('is generated from the document, compiles strictly and holds a conversation', async () => {
  const settings = {
    input: join(ROOT, 'docs/generated/openapi.json'),
    output: { path: join(folder, 'client'), importFileExtension: '.js' },
    plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
  };
  writeFileSync(join(folder, 'openapi-ts.config.mjs'), `export default ${JSON.stringify(settings)};`);
  await run(join(ROOT, 'node_modules/@hey-api/openapi-ts/bin/run.js'), ['-f', 'openapi-ts.config.mjs', '--silent']);

  copyFileSync(join(import.meta.dirname, 'typed-client/journey.mts'), join(folder, 'journey.mts'));
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023', 'dom', 'dom.iterable'],
    strict: true,
    noUncheckedIndexedAccess: true,
    types: ['node'],
    rootDir: '.',
    outDir: 'out',
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['journey.mts', 'client'] }));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  await run(join(ROOT, 'node_modules/typescript7/bin/tsc'), ['-p', 'tsconfig.json']);

  const seen: unknown = JSON.parse(await run(join(folder, 'out/journey.mjs'), [node.url, 'typed']));
  expect(seen).toEqual({
    user: true,
    answer: 'A list that only grows.',
    roles: ['user', 'assistant', 'user', 'assistant'],
    streamed: expect.any(Number),
    sessions: 1,
    exported: true,
    problem: 'NOT_FOUND',
  });
  expect(Number(Reflect.get(Object(seen), 'streamed'))).toBeGreaterThan(3);
}, 60_000);
