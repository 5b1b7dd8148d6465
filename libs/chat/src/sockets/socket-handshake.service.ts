import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { type Actor, Authenticator, authErrors, LoginWatch } from '@parley/auth';
import { CONFIG, type Config } from '@parley/platform/config';
import { platformErrors } from '@parley/platform/errors';
import { Drain } from '@parley/platform/lifecycle';
import { Limiter } from '@parley/platform/limiter';
import { ClientAddresses } from '@parley/platform/sockets';
import { ChatMetrics, type Transport } from '../chat.metrics.js';

/** Who may open a socket, of either protocol. */
@Injectable()
export class SocketHandshake {
  private readonly addresses: ClientAddresses;

  constructor(
    private readonly authenticator: Authenticator,
    private readonly logins: LoginWatch,
    private readonly limiter: Limiter,
    private readonly drain: Drain,
    private readonly metrics: ChatMetrics,
    @Inject(CONFIG) config: Config,
  ) {
    this.addresses = new ClientAddresses(config);
  }

  /** @throws RATE_LIMITED, SHUTTING_DOWN before the token is looked at */
  async checkLimits(request: IncomingMessage): Promise<void> {
    if (this.drain.draining) throw platformErrors.SHUTTING_DOWN();
    await this.limiter.consume('socket.connect', { address: this.addresses.of(request) });
  }

  /** @throws TOKEN_INVALID, TOKEN_EXPIRED, PERMISSION_DENIED */
  async authenticate(token: unknown): Promise<Actor> {
    if (typeof token !== 'string' || token === '') throw authErrors.TOKEN_INVALID();
    const actor = await this.authenticator.authenticate(token);
    if (!actor.permissions.has('socket:connect')) throw authErrors.PERMISSION_DENIED();
    return actor;
  }

  /** Counts an open socket; returns what ends the count. */
  count(transport: Transport): () => void {
    return this.metrics.connected(transport);
  }

  /** Calls `ended` when the login behind an open socket is over. Returns what ends the watch. */
  watch(actor: Actor, ended: () => void): () => void {
    return this.logins.watch(actor, ended);
  }
}
