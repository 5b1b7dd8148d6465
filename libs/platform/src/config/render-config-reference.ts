import { type ConfigKey, describeConfig, describeSections, keysIn } from './describe-config.js';
import { readShippedSettings, type ShippedSettings } from './shipped-files.js';

const INTRODUCTION = `# Configuration

<!-- Generated from libs/platform/src/config by \`npm run gen\`: change the schema, not this page. -->

Parley starts without any setting. What you set is read once, at the start, and judged as a whole: a value that
does not fit refuses the start with every finding at once, each naming the variable, or the file, line and key, and
what was expected. A finding never shows the value.

## Where a value comes from

Each layer replaces what the ones before it said about a key, lists and mappings as a whole:

1. the default in the tables below,
2. \`config/default.yaml\`,
3. \`config/<PARLEY_ENV>.yaml\`, for \`development\` (unless you say otherwise), \`staging\`, \`production\`, \`docker\` or \`test\`,
4. the file that \`PARLEY_CONFIG_FILE\` names,
5. the environment.

Every key has a variable: \`http.port\` is \`PARLEY__HTTP__PORT\`, upper case with two underscores between levels. Some
have a short name too (\`PORT\`); where both are set, the long one counts.

| In a variable | is written |
|---|---|
| a number, \`true\`, \`false\` | as it is |
| a list | with commas (\`a, b\`) or as JSON (\`["a", "b"]\`, \`[]\`) |
| a mapping | as JSON |
| nothing, where a key may be without a value | \`null\` |

An empty variable counts as not set. Any variable with \`_FILE\` at its end names a file that holds the value, as
container secrets do (\`PARLEY_KEK_FILE=/run/secrets/kek\`); a line break at the end of the file does not count.
Relative paths belong to the folder that the program is started in. \`parley config check\` shows what a start would use.

## What production refuses

With \`PARLEY_ENV=production\` the start is also refused by: no \`PARLEY_KEK\`, or \`keys.source: file\`; a secret in a YAML
file; a secret that is a known example value; an empty \`http.allowed_hosts\`; \`*\` or \`null\` in \`cors.origins\`;
\`log.bodies\`; PostgreSQL or Redis on another host without TLS, unless \`allow_plaintext\` says that you mean it; and a
database role that owns tables, is a superuser, bypasses row-level security or also migrates.

\`staging\` has the defaults of \`production\`, a log at \`debug\`, and none of these refusals.
`;

/**
 * The text of `docs/configuration.md`.
 * @param cwd the folder that holds `config/`, whose files' values are shown beside the defaults
 */
export function renderConfigReference(cwd: string): string {
  const shipped = readShippedSettings(cwd);
  const parts = [INTRODUCTION, renderShortNames(), '## All keys\n', renderTable(keysIn(''), shipped)];
  for (const { name, description } of describeSections()) {
    const keys = keysIn(name);
    const heading = `${'#'.repeat(Math.min(name.split('.').length + 2, 5))} \`${name}\`\n`;
    parts.push(heading, ...(description === '' ? [] : [`${description}\n`]));
    if (keys.length > 0) parts.push(renderTable(keys, shipped));
  }
  return `${parts.join('\n').trimEnd()}\n`;
}

function renderShortNames(): string {
  const rows = describeConfig().flatMap((key) =>
    key.shortNames.map((name) => [code(name), code(key.name), key.description]),
  );
  rows.push(
    [code('PARLEY_CONFIG_FILE'), '', 'One more YAML file, over that of the environment.'],
    [code('PARLEY_KEK_<id>'), code('keys.older'), 'An earlier key-encryption key, by its id.'],
  );
  return ['## Short names\n', table(['Variable', 'Key', 'Meaning'], rows)].join('\n');
}

function renderTable(keys: readonly ConfigKey[], shipped: ShippedSettings): string {
  const rows = keys.map((key) => [
    [code(key.name), ...[...key.shortNames, key.env].map(code)].join('<br>'),
    `${key.expected}${key.nullable ? ', or null' : ''}`,
    [value(key.default), ...elsewhere(key, shipped)].join('<br>'),
    `${key.description}${key.secret ? ' **Secret.**' : ''}`,
  ]);
  return table(['Key and variables', 'Takes', 'Default', 'Meaning'], rows);
}

/** `0.0.0.0 in staging, production, docker`, one entry for each value. */
function elsewhere(key: ConfigKey, shipped: ShippedSettings): string[] {
  const environments = new Map<string, string[]>();
  for (const each of shipped.get(key.name) ?? []) {
    const text = value(each.value);
    environments.set(text, [...(environments.get(text) ?? []), each.environment]);
  }
  return [...environments].map(([text, names]) => `${text} in ${names.join(', ')}`);
}

function value(of: unknown): string {
  if (of === null) return '–';
  return code(typeof of === 'string' ? of : JSON.stringify(of));
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Bars end a cell, and outside code an angle bracket begins a tag. */
function escapeCell(cell: string): string {
  const parts = cell.replaceAll('|', '\\|').split(/(`[^`]*`|<br>)/);
  return parts.map((part, index) => (index % 2 === 0 ? part.replaceAll('<', '&lt;') : part)).join('');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return `${[line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')}\n`;
}
