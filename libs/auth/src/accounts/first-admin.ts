import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG, type Config, ConfigError, sourceOf } from '@parley/platform/config';
import { AppError } from '@parley/platform/errors';
import { INSTALLATION } from '../access/actor.js';
import { authErrors } from '../auth.errors.js';
import { AccountsService } from './accounts.service.js';

/** Makes the administrator that the configuration names, once, when there is none. There is no default password. */
@Injectable()
export class FirstAdmin implements OnApplicationBootstrap {
  private readonly logger = new Logger(FirstAdmin.name);

  constructor(
    private readonly accounts: AccountsService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws ConfigError when the configured password is too weak; names where it was set, not the value */
  async onApplicationBootstrap(): Promise<void> {
    const { email, password } = this.config.admin;
    if (email === null || password === null || (await this.accounts.hasAdmin(INSTALLATION))) return;
    try {
      const { principalId } = await this.accounts.createAdmin(INSTALLATION, { email, password });
      this.logger.log({ msg: 'first administrator created', principal_id: principalId });
    } catch (error) {
      await this.explain(error);
    }
  }

  private async explain(error: unknown): Promise<void> {
    if (authErrors.WEAK_PASSWORD.is(error)) {
      const problem = `this password is too weak for an administrator. ${reasonsOf(error)}`;
      throw new ConfigError([{ source: sourceOf(this.config, 'admin.password'), problem }]);
    }
    if (!authErrors.EMAIL_TAKEN.is(error)) throw error;
    // Another node was faster, or somebody registered with that address: then nobody is made an administrator silently.
    if (await this.accounts.hasAdmin(INSTALLATION)) return;
    this.logger.error('admin.email belongs to an account that is no administrator: no administrator was created');
  }
}

function reasonsOf(error: AppError): string {
  return (error.facts.errors ?? []).map(({ detail }) => detail).join(' ');
}
