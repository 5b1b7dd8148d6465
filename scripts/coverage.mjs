import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, install, root } from './prepare.mjs';

/**
 * How many lines of `libs/` the suites run: `npm run coverage`. With `--report` it adds up what the last
 * `npm test` with PARLEY_COVERAGE wrote, with `--files` it also names each file and the lines that nothing ran.
 *
 * The suites run the libraries in two ways: compiled by swc inside Jest, and as the built program in processes of
 * its own. V8 counts both; each is led back to the TypeScript by its source map, and a line is covered if either ran
 * it. Which lines count is what the build says: those on which a statement begins, so no comment, no type, no
 * import. Nothing is left out but tests and their factories. A process that is killed writes nothing down.
 */
const FLOOR = 90;
const THIN = 80;
const OUT = join(root, '.cache/coverage');
const RAW = process.env.PARLEY_COVERAGE ?? join(OUT, 'raw');
const isProduct = (path) => path.endsWith('.ts') && !/(\.(spec|int-spec|e2e-spec|factory)|\.d)\.ts$/.test(path);
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
const jestTransformer = (await import('@swc/jest')).default;
const { typescript: swcOptions } = await import(pathToFileURL(join(root, 'jest.config.mjs')));

/** What V8 counted in the processes that wrote to a folder, by file, merged. */
function counted(folder, within) {
  if (!existsSync(join(RAW, folder))) return new Map();
  const prefix = pathToFileURL(`${join(root, within)}/`).href;
  // A program that was killed while it wrote has left half a file, which is no count.
  const whole = readdirSync(join(RAW, folder)).flatMap((name) => {
    const text = readFileSync(join(RAW, folder, name), 'utf8');
    return text.endsWith('}') ? [JSON.parse(text)] : [];
  });
  const ours = whole.map(({ result }) => ({ result: result.filter(({ url }) => url.startsWith(prefix)) }));
  return new Map(mergeProcessCovs(ours).result.map((script) => [fileURLToPath(script.url), script]));
}

const swc = jestTransformer.createTransformer(swcOptions);
const inJest = counted('tests', 'libs');
const inPrograms = counted('programs', 'dist/libs');

/** Istanbul's record of one file, with the statements of the given compilation of it. */
async function recordOf(source, { code, sourceMap, script, sourceType, at }) {
  if (
    script !== undefined &&
    Math.max(...script.functions.flatMap((f) => f.ranges.map((r) => r.endOffset))) > code.length
  )
    throw new Error(`${at} is not the code that was counted: run the suites again`);
  const data = await convert({
    ast: parse(code, { ecmaVersion: 'latest', sourceType, locations: true }),
    code,
    sourceMap,
    wrapperLength: 0,
    coverage: { url: pathToFileURL(at).href, functions: script?.functions ?? [] },
  });
  const found = Object.values(data).find(({ path }) => resolve(path) === source);
  return found === undefined ? undefined : coverage.createFileCoverage(found);
}

/** As the build made it; what the build does not reach (the testing room) as it would. */
function built(source) {
  const at = join(root, 'dist', relative(root, source)).replace(/\.ts$/, '.js');
  if (existsSync(at)) {
    const sourceMap = JSON.parse(readFileSync(`${at}.map`, 'utf8'));
    sourceMap.sources = sourceMap.sources.map((path) => pathToFileURL(resolve(dirname(at), path)).href);
    return { code: readFileSync(at, 'utf8'), sourceMap, script: inPrograms.get(at), sourceType: 'module', at };
  }
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const { outputText, sourceMapText } = ts.transpileModule(readFileSync(source, 'utf8'), {
    fileName: source,
    compilerOptions: { ...options, module: ts.ModuleKind.ESNext },
  });
  const sourceMap = { ...JSON.parse(sourceMapText), sources: [pathToFileURL(source).href] };
  return { code: outputText, sourceMap, script: undefined, sourceType: 'module', at: source };
}

function compiledForJest(source) {
  const script = inJest.get(source);
  if (script === undefined) return undefined;
  const { code, map } = swc.process(readFileSync(source, 'utf8'), source, { supportsStaticESM: false });
  const parsed = JSON.parse(map ?? Buffer.from(code.split('base64,').at(-1), 'base64').toString());
  const sourceMap = { ...parsed, sources: [pathToFileURL(source).href] };
  return { code, sourceMap, script, sourceType: 'script', at: source };
}

/** The build's statements and functions, with the higher of both counts. Branches: the two compilers cut them differently. */
async function covered(source) {
  const record = (await recordOf(source, built(source)))?.toJSON();
  if (record === undefined) return undefined;
  const jest = compiledForJest(source);
  if (jest !== undefined) {
    const other = await recordOf(source, jest);
    const lines = other?.getLineCoverage() ?? {};
    for (const [id, { start }] of Object.entries(record.statementMap))
      record.s[id] = Math.max(record.s[id], lines[start.line] ?? 0);
    const called = new Map(Object.entries(other?.fnMap ?? {}).map(([id, { loc }]) => [loc.start.line, other.f[id]]));
    for (const [id, { loc }] of Object.entries(record.fnMap))
      record.f[id] = Math.max(record.f[id], called.get(loc.start.line) ?? 0);
  }
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
const sources = readdirSync(join(root, 'libs'), { recursive: true }).filter(isProduct).sort();
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
