import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '@parley/platform/config';
import { BreachedList } from './breached-list.js';
import { normalisePassword, type Weakness } from './password-policy.js';

/** Passwords that others are known to use: the common ones that ship, and the deployment's list of breached ones. */
@Injectable()
export class KnownPasswords {
  private common: Promise<ReadonlySet<string>> | undefined;
  private readonly breached: BreachedList | undefined;

  constructor(@Inject(CONFIG) config: Config) {
    const path = config.auth.breached_list;
    this.breached = path === null ? undefined : new BreachedList(path);
  }

  async weaknessesOf(password: string): Promise<Weakness[]> {
    const text = normalisePassword(password);
    const found: Weakness[] = [];
    if ((await this.commonOnes()).has(text.toLowerCase())) found.push('common');
    if (await this.breached?.has(hash('sha1', text))) found.push('breached');
    return found;
  }

  /** Loaded with the first password that is judged: most processes never judge one. */
  private commonOnes(): Promise<ReadonlySet<string>> {
    this.common ??= import('./common-passwords.generated.js').then(
      ({ COMMON_PASSWORDS }) => new Set(COMMON_PASSWORDS.trim().split(/\s+/)),
    );
    return this.common;
  }
}
