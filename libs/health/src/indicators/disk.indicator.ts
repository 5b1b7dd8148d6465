import { statfs } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '@parley/platform/config';
import type { HealthIndicator, HealthState } from '@parley/platform/lifecycle';

const MIB = 1024 * 1024;
/** PostgreSQL stops when it cannot write its log: act before. */
const LITTLE_BYTES = 1024 * MIB;
const NONE_BYTES = 64 * MIB;

@Injectable()
export class DiskIndicator implements HealthIndicator {
  readonly name = 'disk';
  readonly critical = false;

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  async check(): Promise<HealthState> {
    const free = (await freeBytes(this.config.data_dir)) ?? (await freeBytes('.'));
    if (free === undefined) return { status: 'up', reason: 'the file system does not say how much is free' };
    if (free < NONE_BYTES) return { status: 'down', reason: 'the disk is full' };
    if (free < LITTLE_BYTES) return { status: 'degraded', reason: `${Math.floor(free / MIB)} MiB are free` };
    return { status: 'up' };
  }
}

/** What an ordinary user may still write. */
async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
