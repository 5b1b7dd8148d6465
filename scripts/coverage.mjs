import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, install, root } from './prepare.mjs';

/**
 * How many lines of `libs/` the suites run: `npm run coverage`. With `--report` it adds up what the last
 * `npm test` with PARLEY_COVERAGE wrote, with `--files` it also names each file and the lines that nothing ran.
 *
 * The suites run the libraries in two ways: compiled by swc, inside Jest and in a few processes of its own, and as
 * the built program. V8 counts both; each is led back to the TypeScript by its source map, and a line is covered if
 * either ran it. Which lines count is what the build says: those on which a statement begins, so no comment, no type,
 * no import. Nothing is left out but tests. A process that is killed writes nothing down. V8 counts by blocks: what
 * stands after a call that always throws counts with the call.
 */
const FLOOR = 90;
const THIN = 80;
const OUT = join(root, '.cache/coverage');
const RAW = process.env.PARLEY_COVERAGE ?? join(OUT, 'raw');
const isSource = (path) => path.endsWith('.ts') && !/\.(spec|int-spec|e2e-spec|d)\.ts$/.test(path);
const given = process.argv.slice(2);

install();
build();
if (!given.includes('--report')) {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/test.mjs')], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PARLEY_COVERAGE: RAW },
  });
  if (status !== 0) process.exit(status ?? 1);
}

// Only here: a clone that has never seen `npm ci` has none of them before install().
const { mergeProcessCovs } = (await import('@bcoe/v8-coverage')).default;
const { parse } = await import('acorn');
const { convert } = await import('ast-v8-to-istanbul');
const coverage = (await import('istanbul-lib-coverage')).default;
const reporting = (await import('istanbul-lib-report')).default;
const reports = (await import('istanbul-reports')).default;
const ts = (await import('typescript')).default;
const { createTransformer } = (await import('@swc/jest')).default;
const swcOptions = (await import('../test/support/swc-options.cjs')).default;

/** What V8 counted of the files below one folder, by file, merged from the notes that were left in others. */
function counted(within, ...folders) {
  const prefix = pathToFileURL(`${join(root, within)}/`).href;
  const notes = folders.flatMap((folder) =>
    existsSync(join(RAW, folder)) ? readdirSync(join(RAW, folder)).map((name) => join(RAW, folder, name)) : [],
  );
  const ours = notes.map((note) => {
    const text = readFileSync(note, 'utf8');
    // A program that was killed while it wrote has left half a note, which is no count.
    const { result } = text.endsWith('}') ? JSON.parse(text) : { result: [] };
    return { result: result.filter(({ url }) => url.startsWith(prefix)) };
  });
  return new Map(mergeProcessCovs(ours).result.map((script) => [fileURLToPath(script.url), script]));
}

const swc = createTransformer(swcOptions);
const fromSources = counted('libs', 'tests', 'programs');
const fromBuild = counted('dist/libs', 'programs');

function assertCounted({ functions }, code, at) {
  const end = Math.max(...functions.flatMap(({ ranges }) => ranges.map(({ endOffset }) => endOffset)));
  if (end !== code.length) throw new Error(`${at} is not the code that was counted: run the suites again`);
}

/** Istanbul's record of one file, with the statements of its build. */
async function recordOf(source, { code, sourceMap, script, at }) {
  if (script !== undefined) assertCounted(script, code, at);
  const data = await convert({
    ast: parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true }),
    code,
    sourceMap,
    wrapperLength: 0,
    coverage: { url: pathToFileURL(at).href, functions: script?.functions ?? [] },
    // Written by Swagger's compiler plugin, on lines of ours.
    ignoreClassMethods: ['_OPENAPI_METADATA_FACTORY'],
  });
  const found = Object.values(data).find(({ path }) => resolve(path) === source);
  return found === undefined ? undefined : coverage.createFileCoverage(found);
}

/** As the build made it; what the build does not reach (the testing room, factories) as it would. */
function built(source) {
  const at = join(root, 'dist', relative(root, source)).replace(/\.ts$/, '.js');
  if (existsSync(at)) {
    const sourceMap = JSON.parse(readFileSync(`${at}.map`, 'utf8'));
    sourceMap.sources = sourceMap.sources.map((path) => pathToFileURL(resolve(dirname(at), path)).href);
    return { code: readFileSync(at, 'utf8'), sourceMap, script: fromBuild.get(at), at };
  }
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const { outputText, sourceMapText } = ts.transpileModule(readFileSync(source, 'utf8'), {
    fileName: source,
    compilerOptions: { ...options, module: ts.ModuleKind.ESNext },
  });
  const sourceMap = { ...JSON.parse(sourceMapText), sources: [pathToFileURL(source).href] };
  return { code: outputText, sourceMap, script: undefined, at: source };
}

/** Every node below one of acorn's, itself first. */
function* nodesOf(node) {
  yield node;
  for (const value of Object.values(node))
    for (const child of Array.isArray(value) ? value : [value])
      if (typeof child?.type === 'string') yield* nodesOf(child);
}

/**
 * How often what stands at a place of a source was run as swc compiled it. By nodes, not by statements: swc cuts
 * these otherwise than the build (it makes one of all the fields of a class).
 */
function ranFromSource(source) {
  const script = fromSources.get(source);
  if (script === undefined) return () => 0;
  const { code, map } = swc.process(readFileSync(source, 'utf8'), source, { supportsStaticESM: false });
  assertCounted(script, code, source);
  const sourceMap = new SourceMap(JSON.parse(map ?? Buffer.from(code.split('base64,').at(-1), 'base64').toString()));
  const counts = new Float64Array(code.length);
  const ranges = script.functions.flatMap((one) => one.ranges);
  for (const { startOffset, endOffset, count } of ranges.sort(
    (a, b) => b.endOffset - b.startOffset - (a.endOffset - a.startOffset),
  ))
    counts.fill(count, startOffset, endOffset);
  const places = new Map();
  for (const { start, loc } of nodesOf(parse(code, { ecmaVersion: 'latest', sourceType: 'script', locations: true }))) {
    const { line, column } = loc.start;
    const entry = sourceMap.findEntry(line - 1, column);
    if (entry.generatedLine !== line - 1 || entry.generatedColumn !== column) continue;
    const known = places.get(entry.originalLine + 1) ?? new Map();
    known.set(entry.originalColumn, Math.max(counts[start], known.get(entry.originalColumn) ?? 0));
    places.set(entry.originalLine + 1, known);
  }
  return ({ line, column }) => {
    const known = [...(places.get(line) ?? [])].sort(([a], [b]) => Math.abs(a - column) - Math.abs(b - column));
    return known[0]?.[1] ?? 0;
  };
}

/**
 * The build's statements and functions, with the higher of both counts. Branches: the two compilers cut them
 * differently.
 */
async function covered(source) {
  const record = (await recordOf(source, built(source)))?.toJSON();
  if (record === undefined) return undefined;
  const ran = ranFromSource(source);
  for (const [id, { start }] of Object.entries(record.statementMap)) record.s[id] = Math.max(record.s[id], ran(start));
  for (const [id, { loc }] of Object.entries(record.fnMap)) record.f[id] = Math.max(record.f[id], ran(loc.start));
  return { ...record, branchMap: {}, b: {} };
}

const percent = ({ covered: hit, total }) => (total === 0 ? 100 : (100 * hit) / total);
const figure = (lines) => `${percent(lines).toFixed(1).padStart(5)} %`;

function spans(numbers) {
  const found = [];
  for (const n of numbers.map(Number)) {
    if (found.at(-1)?.[1] === n - 1) found.at(-1)[1] = n;
    else found.push([n, n]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(' ');
}

const map = coverage.createCoverageMap({});
const sources = readdirSync(join(root, 'libs'), { recursive: true }).filter(isSource).sort();
for (const source of sources) {
  const record = await covered(join(root, 'libs', source));
  if (record !== undefined) map.addFileCoverage(record);
}

const libraries = new Map();
const total = { covered: 0, total: 0 };
for (const path of map.files()) {
  const { lines } = map.fileCoverageFor(path).toSummary().data;
  const library = relative(join(root, 'libs'), path).split('/')[0];
  const sum = libraries.get(library) ?? { files: 0, covered: 0, total: 0 };
  libraries.set(library, {
    files: sum.files + 1,
    covered: sum.covered + lines.covered,
    total: sum.total + lines.total,
  });
  total.covered += lines.covered;
  total.total += lines.total;
  if (lines.total > 0 && (given.includes('--files') || percent(lines) < THIN)) {
    const missed = map.fileCoverageFor(path).getUncoveredLines();
    console.log(`${figure(lines)}  ${relative(root, path)}${missed.length > 0 ? `: ${spans(missed)}` : ''}`);
  }
}

rmSync(join(OUT, 'html'), { recursive: true, force: true });
for (const [name, options] of [
  ['lcovonly', {}],
  ['html', { subdir: 'html' }],
])
  reports.create(name, options).execute(reporting.createContext({ dir: OUT, coverageMap: map }));

console.log('\nLines covered   of    library');
for (const [name, lines] of [...libraries, ['in all', total]])
  console.log(`${figure(lines)}  ${String(lines.covered).padStart(5)} ${String(lines.total).padStart(5)}  ${name}`);
console.log(`\nLine by line: ${relative(root, join(OUT, 'html/index.html'))}`);
if (percent(total) < FLOOR) console.log(`That is less than the ${FLOOR} % that libs/ must have.`);
process.exit(percent(total) < FLOOR ? 1 : 0);
