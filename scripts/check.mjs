import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, install, root } from './prepare.mjs';

/** Exactly what CI checks besides the tests. Everything runs, then the verdict. */
const bin = (path) => join(root, 'node_modules', path);
const CHECKS = [
  { name: 'format and lint', args: [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'] },
  { name: 'types', args: [bin('typescript7/bin/tsc'), '-p', 'tsconfig.json'] },
  { name: 'typed lint', args: [bin('eslint/bin/eslint.js'), 'apps', 'libs', 'test'] },
  {
    name: 'structure',
    args: [
      bin('dependency-cruiser/bin/dependency-cruise.mjs'),
      '--config',
      '.dependency-cruiser.cjs',
      'apps',
      'libs',
      'test',
    ],
  },
  { name: 'supply chain', args: [join(root, 'scripts/supply-chain.mjs')] },
  { name: 'dead code', args: [bin('knip/bin/knip.js')] },
  { name: 'generated files', args: [join(root, 'scripts/gen.mjs'), '--check'] },
];

install();
build();
const failed = [];
for (const { name, args } of CHECKS) {
  console.log(`\n── ${name}`);
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? '\nAll checks passed.' : `\nNot clean: ${failed.join(', ')}.`);
process.exit(failed.length === 0 ? 0 : 1);
