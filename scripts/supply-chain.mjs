import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, root } from './prepare.mjs';
import { AT_HOME, auditVerdict, isAllowed, licenceOf, SHIPPED, shippedOf, withoutTools } from './verdicts.mjs';

/**
 * What came with us: no secret lies in the tree, every package has a licence that we may use, the list of parts is
 * written down, and no part has a known hole of high or critical severity. `npm run check` runs it.
 */

const SBOM = join(root, '.cache/sbom.cdx.json');
const PATIENCE_MS = 60_000;

function npm(...args) {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, timeout: PATIENCE_MS };
  return spawnSync('npm', args, options);
}

/** Every part in the lock file, tools too, as CycloneDX. */
function listOfParts() {
  const { status, stdout, stderr } = npm('sbom', '--sbom-format', 'cyclonedx', '--package-lock-only');
  if (status !== 0) throw new Error(`npm sbom failed:\n${stderr}`);
  return JSON.parse(stdout);
}

function checkSecrets() {
  const bin = join(root, 'node_modules/secretlint/bin/secretlint.js');
  const files = ['**/{*,.*}', '**/.*/**'];
  const { status } = spawnSync(process.execPath, [bin, '--maskSecrets', '--secretlintignore', '.gitignore', ...files], {
    cwd: root,
    stdio: 'inherit',
  });
  console.log(status === 0 ? 'secrets: none found' : 'secrets: see above');
  return status === 0;
}

function checkLicences({ components }, shipped) {
  const allowed = ({ name, version }) => (shipped.has(`${name}@${version}`) ? SHIPPED : AT_HOME);
  const refused = components.filter((part) => !isAllowed(licenceOf(part), allowed(part)));
  for (const part of refused) console.log(`licence not allowed: ${part.name}@${part.version} (${licenceOf(part)})`);
  if (refused.length === 0) console.log(`licences: ${components.length} packages, all allowed`);
  return refused.length === 0;
}

function writeSbom(everything, shipped) {
  const sbom = withoutTools(everything, shipped);
  mkdirSync(join(root, '.cache'), { recursive: true });
  writeFileSync(SBOM, `${JSON.stringify(sbom, null, 2)}\n`);
  console.log(`SBOM: ${sbom.components.length} shipped packages, .cache/sbom.cdx.json (CycloneDX)`);
}

function checkAudit() {
  const { ok, line } = auditVerdict(npm('audit', '--json').stdout);
  console.log(line);
  return ok;
}

install();
const everything = listOfParts();
const shipped = shippedOf(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
writeSbom(everything, shipped);
const results = [checkSecrets(), checkLicences(everything, shipped), checkAudit()];
process.exit(results.every(Boolean) ? 0 : 1);
