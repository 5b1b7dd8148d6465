import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Environment } from '@parley/platform/config';
import { openTestDatabase, type TestDatabase, type TestDatabaseOptions } from '@parley/platform/testing';
import { z } from 'zod';
import { run } from './program.js';

export interface CliRun {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process, in an environment of its own. */
export async function runCli(args: readonly string[], env: Environment = {}, input = ''): Promise<CliRun> {
  let out = '';
  let err = '';
  const exitCode = await run(args, {
    env,
    cwd: process.cwd(),
    stdin: Readable.from(input === '' ? [] : [input]),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { exitCode, out, err };
}

/** The members of the documents that tests look into; the others are there too. */
const documentSchema = z.looseObject({
  migrations: z.array(z.looseObject({ name: z.string() })).default([]),
  checks: z.array(z.looseObject({ name: z.string(), status: z.string() })).default([]),
  findings: z.array(z.looseObject({ source: z.string() })).default([]),
});

/** The same with --json: what was written, parsed. */
export async function runJson(args: readonly string[], env: Environment = {}, input = '') {
  const { exitCode, out } = await runCli([...args, '--json'], env, input);
  return { exitCode, json: documentSchema.parse(JSON.parse(out)) };
}

/** Where a command line finds a deployment: a database on a server, and a data directory of its own. */
export interface TestDeployment extends TestDatabase {
  readonly env: Readonly<Record<string, string>>;
}

export async function openTestDeployment(options: TestDatabaseOptions = {}): Promise<TestDeployment> {
  const database = await openTestDatabase(options);
  const env = {
    PARLEY_ENV: 'test',
    DATABASE_URL: database.appUrl,
    DATABASE_MIGRATION_URL: database.ownerUrl,
    PARLEY_DATA_DIR: freshDataDir(),
  };
  const close = async () => {
    await database.close();
    removeDataDirs();
  };
  return { ...database, env, close };
}

const folders: string[] = [];

/** A data directory that does not exist yet, where every user of the machine could reach it. */
export function freshDataDir(): string {
  const base = mkdtempSync(join(tmpdir(), 'parley-cli-'));
  chmodSync(base, 0o755);
  folders.push(base);
  return join(base, 'data');
}

export function removeDataDirs(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
