import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/index.js';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether a caller shows the token that may read `/metrics` on the main port. */
@Injectable()
export class MetricsAccess {
  private readonly expected: Buffer | undefined;

  constructor(@Inject(CONFIG) config: Config) {
    this.expected = config.metrics.token === null ? undefined : digest(config.metrics.token);
  }

  /** @param authorization the header as it came; compared in constant time */
  allows(authorization: string | undefined): boolean {
    if (this.expected === undefined || authorization === undefined) return false;
    const token = /^bearer +(\S+)$/i.exec(authorization)?.[1];
    return token !== undefined && timingSafeEqual(digest(token), this.expected);
  }
}
