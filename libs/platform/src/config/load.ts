import { existsSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { type Assignment, EMPTY_LAYER, keyNamed, type Layer, variableOf } from './assignment.js';
import { ConfigError, type ConfigFinding } from './config.errors.js';
import { type Environment, readEnvironment } from './environment.js';
import { readEnvironmentLayer } from './environment-layer.js';
import { judge } from './judge.js';
import { type Config, configSchema } from './schema.js';
import { CONFIG_FILE_VARIABLE } from './short-names.js';
import { validate } from './validate.js';
import { readYamlLayer } from './yaml-layer.js';

export interface LoadOptions {
  /** Variables by name; left out: the real environment. */
  readonly env?: Environment;
  /** The folder that holds `config/` and to which relative paths belong; left out: the working directory. */
  readonly cwd?: string;
}

/**
 * Reads the configuration once: defaults of the schema < `config/default.yaml` <
 * `config/<PARLEY_ENV>.yaml` < `PARLEY_CONFIG_FILE` < environment. A later layer replaces a key
 * whole, lists and mappings too. Paths come back absolute.
 * @throws ConfigError with every finding at once; none of them holds a value.
 */
export function loadConfig(options: LoadOptions = {}): Config {
  const env = options.env ?? readEnvironment();
  const cwd = options.cwd ?? process.cwd();
  const variables = readEnvironmentLayer(env, cwd);
  const layers = [...readFiles(env, cwd, profileOf(variables)), variables];
  const assignments = layers.flatMap((layer) => layer.assignments);
  const settled = settle(assignments);
  const { config, findings: invalid, refused } = validate(settled);
  const judged = judge(config, settled, assignments).filter(({ key }) => !refused.has(key.name));
  const findings: ConfigFinding[] = [
    ...layers.flatMap((layer) => layer.findings),
    ...invalid,
    ...judged.map(({ key, problem, source }) => ({ source: source ?? variableOf(key), problem })),
  ];
  if (findings.length > 0) throw new ConfigError(findings);
  const loaded = withAbsolutePaths(config, cwd);
  origins.set(loaded, settled);
  return loaded;
}

const origins = new WeakMap<Config, ReadonlyMap<string, Assignment>>();

/**
 * Where a key of this configuration was set: the variable, or file and line; where it was not, the variable
 * that sets it. For what can be judged only later than the rest.
 * @param name of the key, as `admin.password`
 */
export function sourceOf(config: Config, name: string): string {
  const source = origins.get(config)?.get(name)?.source;
  if (source !== undefined) return source;
  const key = keyNamed(name);
  return key === undefined ? name : variableOf(key);
}

/** The environment's name where it is one; a bad name is refused by the schema, and no file of that name is sought. */
function profileOf(variables: Layer): string | undefined {
  const named = variables.assignments.findLast(({ key }) => key.name === 'env');
  const parsed = configSchema.shape.env.safeParse(named?.value);
  return parsed.success ? parsed.data : undefined;
}

function readFiles(env: Environment, cwd: string, profile: string | undefined): Layer[] {
  if (!existsSync(resolve(cwd, 'config'))) return [elsewhere(cwd)];
  const shipped = ['default', ...(profile === undefined ? [] : [profile])].map((name) => {
    const label = `config/${name}.yaml`;
    return readYamlLayer({ path: resolve(cwd, label), label, namedBy: label });
  });
  return [...shipped, readExtraFile(env, cwd)];
}

/** What is started in another folder would find neither its settings nor, by a relative path, its data. */
function elsewhere(cwd: string): Layer {
  const problem = `there is none in ${cwd}: start Parley in the folder that it is installed in`;
  return { ...EMPTY_LAYER, findings: [{ source: 'config/', problem }] };
}

function readExtraFile(env: Environment, cwd: string): Layer {
  const named = env[CONFIG_FILE_VARIABLE] ?? '';
  if (named === '') return EMPTY_LAYER;
  const path = resolve(cwd, named);
  const inside = relative(cwd, path);
  const label = inside.startsWith('..') || isAbsolute(inside) ? path : inside;
  return readYamlLayer({ path, label, namedBy: CONFIG_FILE_VARIABLE });
}

/** The assignment that counts for each key, by the key's name. */
function settle(assignments: readonly Assignment[]): ReadonlyMap<string, Assignment> {
  return new Map(assignments.map((assignment) => [assignment.key.name, assignment]));
}

function withAbsolutePaths(config: Config, cwd: string): Config {
  const absolute = (path: string | null) => (path === null ? null : resolve(cwd, path));
  return {
    ...config,
    data_dir: resolve(cwd, config.data_dir),
    log: { ...config.log, file: { ...config.log.file, path: absolute(config.log.file.path) } },
    auth: { ...config.auth, breached_list: absolute(config.auth.breached_list) },
    use_cases: { ...config.use_cases, dir: resolve(cwd, config.use_cases.dir) },
  };
}
