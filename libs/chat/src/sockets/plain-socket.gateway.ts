import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type Config } from '@parley/platform/config';
import { AppError, platformErrors, toProblem } from '@parley/platform/errors';
import { Drain } from '@parley/platform/lifecycle';
import { refuseUpgrade, UpgradeDoors } from '@parley/platform/sockets';
import { parseSeq, Readers } from '@parley/sessions';
import { type WebSocket, WebSocketServer } from 'ws';
import { PlainFrames } from './plain-frames.service.js';
import { CLOSE } from './plain-sink.js';
import { PlainSocket, type PlainSocketServices } from './plain-socket.js';
import { SocketHandshake } from './socket-handshake.service.js';

const ADDRESS = /^\/ws\/chat\/([^/]{1,64})$/;
const BEARER_PROTOCOL = 'bearer.';

/** Plain WebSocket, for clients without Socket.IO: `/ws/chat/{session_id}?after=SEQ`. */
@Injectable()
export class PlainSocketGateway implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(PlainSocketGateway.name);
  private readonly open = new Set<PlainSocket>();
  private readonly server: WebSocketServer;
  private readonly services: PlainSocketServices;

  constructor(
    private readonly doors: UpgradeDoors,
    private readonly handshake: SocketHandshake,
    private readonly drain: Drain,
    frames: PlainFrames,
    readers: Readers,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.services = { handshake, frames, readers };
    this.server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: config.sockets.max_frame_bytes,
      handleProtocols: chooseProtocol,
    });
    // What ws would refuse in words of its own.
    this.server.on('wsClientError', ({ message: detail }: Error, socket: Duplex) => {
      refuseUpgrade(socket, platformErrors.BAD_REQUEST({ detail, headers: { 'Sec-WebSocket-Version': '13' } }));
    });
  }

  onModuleInit(): void {
    this.doors.open(ADDRESS, (request, socket, head, [sessionId = '']) => {
      this.upgrade(request, socket, head, sessionId).catch((error: unknown) => {
        if (!(error instanceof AppError)) this.logger.error({ err: error }, 'a WebSocket could not be opened');
        refuseUpgrade(socket, error instanceof AppError ? error : platformErrors.INTERNAL({ cause: error }));
      });
    });
    this.drain.onDrain('websocket', 'sockets', () => this.leave());
  }

  onApplicationShutdown(): void {
    this.server.close();
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, sessionId: string): Promise<void> {
    await this.handshake.checkLimits(request);
    this.server.handleUpgrade(request, socket, head, (client) => this.accept(client, socket, request, sessionId));
  }

  private accept(client: WebSocket, wire: Duplex, request: IncomingMessage, sessionId: string): void {
    const {
      auth_timeout_seconds: patience,
      heartbeat_seconds: heartbeat,
      buffer_bytes: bufferBytes,
    } = this.config.sockets;
    const gone = this.handshake.count('websocket');
    const plain = new PlainSocket(client, this.services, {
      wire,
      sessionId,
      after: afterOf(request),
      authTimeoutMs: patience * 1000,
      heartbeatMs: heartbeat * 1000,
      bufferBytes,
    });
    this.open.add(plain);
    client.once('close', () => {
      gone();
      this.open.delete(plain);
    });
    const token = tokenOf(request);
    if (token !== undefined) void plain.enter(token);
  }

  private async leave(): Promise<void> {
    const problem = toProblem(platformErrors.SHUTTING_DOWN());
    for (const plain of this.open) plain.close(CLOSE.leaving, problem);
  }
}

/** A browser gives up when none of its protocols is chosen; the one with the token is the last resort. */
function chooseProtocol(offered: Set<string>): string | false {
  const [first] = [...offered].filter((name) => !name.startsWith(BEARER_PROTOCOL));
  return first ?? offered.values().next().value ?? false;
}

function tokenOf(request: IncomingMessage): string | undefined {
  const [scheme = '', credentials] = (request.headers.authorization ?? '').split(' ', 2);
  if (scheme.toLowerCase() === 'bearer' && credentials !== undefined) return credentials;
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return offered.find((name) => name.startsWith(BEARER_PROTOCOL))?.slice(BEARER_PROTOCOL.length);
}

function afterOf(request: IncomingMessage): number {
  const query = new URLSearchParams((request.url ?? '').split('?', 2)[1] ?? '');
  return parseSeq(query.get('after') ?? undefined) ?? 0;
}
