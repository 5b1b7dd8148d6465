import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type AppError, platformErrors } from '../errors/index.js';
import { rawAnswer, securityHeaders } from '../http/index.js';
import type { HandshakeRules } from './handshake-rules.js';

/** Takes a connection that wants to become a WebSocket. Whoever takes it answers it. */
export type UpgradeHandler = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  params: readonly string[],
) => void;

interface Door {
  readonly pattern: RegExp;
  readonly handler: UpgradeHandler;
}

const HEADERS = securityHeaders();

/**
 * Owns the server's `upgrade` event: one server, several protocols, each with its path. An address
 * that no door serves is refused with a problem, at the upgrade.
 */
export class UpgradeDoors {
  private readonly doors: Door[] = [];
  private readonly left: RegExp[] = [];

  /** @param pattern over the path; its groups are handed to the handler */
  open(pattern: RegExp, handler: UpgradeHandler): void {
    this.doors.push({ pattern, handler });
  }

  /** Paths that another listener of the server takes, and checks by the same rules. */
  leave(pattern: RegExp): void {
    this.left.push(pattern);
  }

  attach(server: Server, rules: HandshakeRules): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // Node has taken its own listener off. A client that breaks off while somebody decides about it would be an
      // uncaught error, and the end of the process.
      socket.on('error', () => socket.destroy());
      const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
      if (this.left.some((pattern) => pattern.test(path))) return;
      const door = this.doors.find(({ pattern }) => pattern.test(path));
      const refusal =
        rules.refusalOfHost(request) ?? (door === undefined ? platformErrors.NOT_FOUND() : rules.refusalOf(request));
      if (refusal !== undefined) refuseUpgrade(socket, refusal);
      else door?.handler(request, socket, head, door.pattern.exec(path)?.slice(1) ?? []);
    });
  }
}

/** Answers a connection that was not upgraded, and closes it. */
export function refuseUpgrade(socket: Duplex, error: AppError): void {
  socket.on('error', () => socket.destroy());
  if (socket.writable) socket.end(rawAnswer(error, HEADERS));
  else socket.destroy();
}
