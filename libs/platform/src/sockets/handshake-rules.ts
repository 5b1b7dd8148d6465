import type { IncomingMessage } from 'node:http';
import proxyAddress from 'proxy-addr';
import type { Config } from '../config/index.js';
import { type AppError, platformErrors } from '../errors/index.js';
import { Hosts, Origins } from '../http/index.js';

/** What holds for every handshake before anything else is looked at: the rules of the HTTP edge, for sockets. */
export class HandshakeRules {
  private readonly hosts: Hosts;
  private readonly origins: Origins;
  private readonly trusts: (address: string, hop: number) => boolean;

  constructor(config: Config) {
    const { trusted_proxies } = config.http;
    this.hosts = new Hosts(config);
    this.origins = new Origins(config);
    this.trusts = trusted_proxies.length === 0 ? () => false : proxyAddress.compile(trusted_proxies);
  }

  /** What the HTTP edge says first, whatever the path is. */
  refusalOfHost(request: IncomingMessage): AppError | undefined {
    return this.hosts.serves(this.hostOf(request)) ? undefined : platformErrors.HOST_NOT_ALLOWED();
  }

  /** @returns why this handshake is refused; undefined where it may go on */
  refusalOf(request: IncomingMessage): AppError | undefined {
    const { origin, host, upgrade } = request.headers;
    if (upgrade !== undefined && request.method !== 'GET') {
      return platformErrors.METHOD_NOT_ALLOWED({ headers: { Allow: 'GET' } });
    }
    return this.origins.mayOpen(origin, host) ? undefined : platformErrors.ORIGIN_NOT_ALLOWED();
  }

  /** As Express finds `request.host`: what a trusted proxy says that it was asked for, else the header itself. */
  private hostOf(request: IncomingMessage): string {
    const forwarded = request.headers['x-forwarded-host'];
    const said = typeof forwarded === 'string' ? forwarded.split(',', 1)[0]?.trim() : undefined;
    if (said !== undefined && said !== '' && this.trusts(request.socket.remoteAddress ?? '', 0)) return said;
    return request.headers.host ?? '';
  }
}
