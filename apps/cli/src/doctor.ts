import { type Config, ConfigError, loadConfig } from '@parley/platform/config';
import { withApplication } from './application.js';
import { examineDatabase, unusableDatabase } from './doctor.database.js';
import {
  examineDataDirectory,
  examineDisk,
  examineLimits,
  examineLogFile,
  examinePasswordHash,
  examineRuntime,
} from './doctor.machine.js';
import { examineProduct } from './doctor.product.js';
import { examineRedis } from './doctor.redis.js';
import { type Finding, failed, ok, skipped } from './finding.js';
import { EXIT, type ExitCode, type Outcome } from './outcome.js';
import type { World } from './world.js';

const NEEDS_SCHEMA = ['keys', 'models', 'prices', 'administrator', 'jobs'];

/** `parley doctor` */
export async function examine(world: World): Promise<Outcome> {
  const findings = [examineRuntime(), ...(await examineConfigured(world))];
  return {
    exitCode: exitCodeOf(findings),
    text: findings.map(describe).join('\n'),
    json: { healthy: exitCodeOf(findings) === EXIT.ok, checks: findings },
  };
}

async function examineConfigured(world: World): Promise<Finding[]> {
  let config: Config;
  try {
    config = loadConfig({ env: world.env, cwd: world.cwd });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const detail = error.findings.map(({ source, problem }) => `${source}: ${problem}`).join('; ');
    return [failed('configuration', detail, 'parley config check')];
  }
  return [
    ok('configuration', `valid, environment ${config.env}`),
    await examineDataDirectory(config),
    await examineDisk(config),
    await examineLogFile(config),
    await examinePasswordHash(),
    examineLimits(config),
    await examineRedis(config),
    ...(await examineStored(world, config)),
  ];
}

/** One connection is held throughout, so that an embedded server that was not running starts only once. */
async function examineStored(world: World, config: Config): Promise<Finding[]> {
  const rest = NEEDS_SCHEMA.map((name) => skipped(name, 'needs a migrated database'));
  try {
    return await withApplication(world, { config, prepared: false }, async (app) => {
      const database = await examineDatabase(app, config);
      const usable = database.every(
        ({ name, status }) => status === 'ok' || !['database', 'migrations'].includes(name),
      );
      return [...database, ...(usable ? await examineProduct(world, config) : rest)];
    });
  } catch (error) {
    return [unusableDatabase(error), ...rest];
  }
}

function exitCodeOf(findings: readonly Finding[]): ExitCode {
  if (findings.some(({ unreachable }) => unreachable === true)) return EXIT.unreachable;
  return findings.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.ok;
}

const MARKS = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ', skipped: '-      ' } as const;

function describe({ name, status, detail, remedy }: Finding): string {
  const line = `${MARKS[status]}  ${name.padEnd(14)}  ${detail}`;
  return remedy === undefined ? line : `${line}\n${' '.repeat(25)}-> ${remedy}`;
}
