import type { IncomingMessage } from 'node:http';
import proxyAddress from 'proxy-addr';
import type { Config } from '../config/index.js';

/**
 * Whom a handshake comes from: the peer, or behind a trusted proxy the right-most entry of
 * X-Forwarded-For that no trusted proxy wrote; the rule by which Express finds `request.ip`.
 */
export class ClientAddresses {
  private readonly trusts: (address: string, hop: number) => boolean;

  constructor(config: Config) {
    const { trusted_proxies } = config.http;
    this.trusts = trusted_proxies.length === 0 ? () => false : proxyAddress.compile(trusted_proxies);
  }

  of(request: IncomingMessage): string {
    return proxyAddress(request, this.trusts);
  }
}
