import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { platformErrors } from '../../errors/index.js';
import { CursorKey } from './cursor-key.js';
import type { Page } from './page.js';

/** What a cursor is good for: this list with these filters, for this principal. */
export interface CursorBinding {
  /** Name of the list, and of what it hangs under: `messages:ses_…`. */
  readonly list: string;
  readonly orgId: string;
  readonly principalId: string;
  /** Every query member that changes which rows come, or their order. */
  readonly filters?: Readonly<Record<string, string | number | boolean | undefined>>;
}

const TAG_BYTES = 16;

/** Makes and reads opaque cursors `base64url(position . HMAC)`: nobody can make one up or move one elsewhere. */
@Injectable()
export class CursorCodec {
  constructor(private readonly key: CursorKey) {}

  /** @param position JSON; whatever the repository needs to find the next row */
  encode(position: unknown, binding: CursorBinding): string {
    const body = Buffer.from(JSON.stringify(position));
    return Buffer.concat([this.tag(body, binding), body]).toString('base64url');
  }

  /**
   * @param parse turns the position into what the repository takes, e.g. `schema.parse`
   * @throws INVALID_CURSOR
   */
  decode<T>(cursor: string, binding: CursorBinding, parse: (position: unknown) => T): T {
    const bytes = Buffer.from(cursor, 'base64url');
    const body = bytes.subarray(TAG_BYTES);
    if (body.length === 0 || !timingSafeEqual(bytes.subarray(0, TAG_BYTES), this.tag(body, binding))) {
      throw platformErrors.INVALID_CURSOR();
    }
    try {
      return parse(JSON.parse(body.toString()));
    } catch (cause) {
      // Signed here, yet not understood: made by another version of the program.
      throw platformErrors.INVALID_CURSOR({ cause });
    }
  }

  /** @param rows up to `limit + 1` rows: the one too many says that there is a next page */
  page<T>(rows: readonly T[], limit: number, position: (last: T) => unknown, binding: CursorBinding): Page<T> {
    const last = rows[limit - 1];
    if (rows.length <= limit || last === undefined) return { items: rows, next_cursor: null };
    return { items: rows.slice(0, limit), next_cursor: this.encode(position(last), binding) };
  }

  private tag(body: Buffer, binding: CursorBinding): Buffer {
    const filters = Object.entries(binding.filters ?? {})
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return createHmac('sha256', this.key.bytes())
      .update(JSON.stringify([binding.list, binding.orgId, binding.principalId, filters]))
      .update(body)
      .digest()
      .subarray(0, TAG_BYTES);
  }
}
