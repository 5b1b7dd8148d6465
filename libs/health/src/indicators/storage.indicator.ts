import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '@parley/platform/config';
import { DatabaseAccess } from '@parley/platform/database';
import type { HealthIndicator, HealthState } from '@parley/platform/lifecycle';

/** The data directory: with the embedded database everything lies in it, beside a server only files do. */
@Injectable()
export class StorageIndicator implements HealthIndicator {
  readonly name = 'storage';
  readonly critical = true;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(DatabaseAccess) private readonly database: Pick<DatabaseAccess, 'mode'>,
  ) {}

  async check(): Promise<HealthState> {
    try {
      const found = await stat(this.config.data_dir);
      if (!found.isDirectory()) return { status: 'down', reason: 'the data directory is not a directory' };
    } catch {
      return this.database.mode === 'server'
        ? { status: 'up', reason: 'nothing is stored in files' }
        : { status: 'down', reason: 'the data directory is missing' };
    }
    try {
      await access(this.config.data_dir, constants.R_OK | constants.W_OK | constants.X_OK);
      return { status: 'up' };
    } catch {
      return { status: 'down', reason: 'the data directory cannot be written' };
    }
  }
}
