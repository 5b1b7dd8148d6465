import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { KeyRing } from '@parley/platform/crypto';
import { z } from 'zod';

const KEY_BYTES = 32;
const KNOWN_FOR = 90 * 86_400_000;
const signed = z.tuple([z.string(), z.number()]);
const SHAPE = /^pdt_([\w-]+)\.([\w-]{43})$/;

/**
 * What a device shows to be known again: it was signed in to this account within the last 90 days. It opens
 * nothing; it only keeps the lock of unknown networks from whoever has been here before. Signed with a key
 * from the installation's ring, so that every node knows it and nothing is stored.
 */
@Injectable()
export class DeviceTokens {
  private opened: Promise<Buffer> | undefined;

  constructor(private readonly ring: KeyRing) {}

  async issue(principalId: string, now: Date): Promise<string> {
    const body = Buffer.from(JSON.stringify([principalId, now.getTime()])).toString('base64url');
    return `pdt_${body}.${(await this.sign(body)).toString('base64url')}`;
  }

  /** The account that the device was signed in to; undefined for everything that is not a token in force. */
  async read(token: unknown, now: Date): Promise<string | undefined> {
    const [, body, signature] = typeof token === 'string' ? (SHAPE.exec(token) ?? []) : [];
    if (body === undefined || signature === undefined) return undefined;
    const given = Buffer.from(signature, 'base64url');
    const right = await this.sign(body);
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const [principalId, at] = signed.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
    return now.getTime() - at < KNOWN_FOR ? principalId : undefined;
  }

  private async sign(body: string): Promise<Buffer> {
    return createHmac('sha256', await this.key())
      .update(body)
      .digest();
  }

  private key(): Promise<Buffer> {
    this.opened ??= this.open().catch((error: unknown) => {
      // The database was away: the next sign-in asks again.
      this.opened = undefined;
      throw error;
    });
    return this.opened;
  }

  private async open(): Promise<Buffer> {
    const leaf = await this.ring.take({ level: 'leaf', purpose: 'device', orgId: null, subject: null });
    return Buffer.from(hkdfSync('sha256', leaf.key, '', 'parley device', KEY_BYTES));
  }
}
