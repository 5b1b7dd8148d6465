/** What may be shipped inside a product under the MIT licence, with no duty but to keep the notice. */
export const SHIPPED = [
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Python-2.0',
];
/** Tools that build and test, and stay at home, may also be under these. */
export const AT_HOME = [...SHIPPED, 'Artistic-2.0', 'CC0-1.0', 'CC-BY-3.0', 'CC-BY-4.0', 'MPL-2.0', 'WTFPL'];

/** Packages whose package.json names no SPDX licence: what their own files say, read by a person, for this version. */
const READ_BY_HAND = {
  'busboy@1.6.0': 'MIT',
  'decko@1.2.0': 'MIT',
  'passport-strategy@1.0.0': 'MIT',
  'pause@0.0.1': 'MIT',
  'stickyfill@1.1.1': 'MIT',
  'streamsearch@1.1.0': 'MIT',
  'url-template@2.0.8': 'BSD-3-Clause',
  'xmlhttprequest-ssl@2.1.2': 'MIT',
};

/** `A OR B`: one is enough. `A AND B`: all. An expression that nests them is not allowed until somebody reads it. */
export function isAllowed(expression, allowed) {
  const plain = expression.replace(/^\((.*)\)$/, '$1');
  return plain.split(' OR ').some((choice) => choice.split(' AND ').every((licence) => allowed.includes(licence)));
}

export function licenceOf({ name, version, licenses = [] }) {
  const [{ license, expression } = {}] = licenses;
  return READ_BY_HAND[`${name}@${version}`] ?? expression ?? license?.id ?? license?.name ?? 'none';
}

/** Name and version of what is installed to run, not only to build and test, by the lock file. */
export function shippedOf({ packages }) {
  const entries = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  return new Set(
    entries.map(([path, { name, version }]) => `${name ?? path.split('node_modules/').at(-1)}@${version}`),
  );
}

/**
 * The list of parts without the tools. `npm sbom --omit dev` is no use: it also loses what a tool leans on too,
 * NestJS among them, and its mark `development` is wrong where a tool and the program have the same version of a part.
 */
export function withoutTools(sbom, shipped) {
  const components = sbom.components.filter(({ name, version }) => shipped.has(`${name}@${version}`));
  const kept = new Set([sbom.metadata.component, ...components].map((part) => part['bom-ref']));
  const dependencies = sbom.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((part) => kept.has(part)) }));
  const properties = (part) => part.properties?.filter(({ name }) => name !== 'cdx:npm:package:development') ?? [];
  return { ...sbom, components: components.map((part) => ({ ...part, properties: properties(part) })), dependencies };
}

/**
 * Judges what `npm audit --json` printed. Where the registry serves no audit, nothing is known: that is not "clean".
 */
export function auditVerdict(printed) {
  let report;
  try {
    report = JSON.parse(printed);
  } catch {
    report = {};
  }
  const found = report.metadata?.vulnerabilities;
  if (found === undefined)
    return { ok: true, line: `audit not run: ${report.message ?? 'the registry gave no answer'}` };
  const { high, critical, moderate, low } = found;
  const line = `audit: ${critical} critical, ${high} high, ${moderate} moderate, ${low} low`;
  return { ok: high === 0 && critical === 0, line };
}
