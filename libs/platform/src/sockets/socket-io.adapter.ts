import { randomUUID } from 'node:crypto';
import { type Server as HttpServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Server, type ServerOptions, type Socket } from 'socket.io';
import type { Config } from '../config/index.js';
import { type AppError, platformErrors, toProblem } from '../errors/index.js';
import { Origins, securityHeaders } from '../http/index.js';
import { brakeEngine } from './engine-brake.js';
import { HandshakeRules } from './handshake-rules.js';
import { refuseUpgrade, type UpgradeDoors } from './upgrade-doors.js';

const PATH = '/socket.io';
const HEADERS = securityHeaders();

/**
 * Socket.IO at `/socket.io`, without its own answers to foreign upgrades and without any cluster
 * adapter: every connection has a reader of its own on the log, a second way to deliver would deliver
 * twice. Polling stays for clients with default options.
 */
export class SocketIoAdapter extends IoAdapter {
  private readonly rules: HandshakeRules;
  private readonly origins: Origins;

  constructor(
    app: INestApplicationContext,
    private readonly server: HttpServer,
    private readonly doors: UpgradeDoors,
    private readonly config: Config,
  ) {
    super(app);
    this.rules = new HandshakeRules(config);
    this.origins = new Origins(config);
  }

  override createIOServer(_port: number, options?: ServerOptions): Server {
    const { max_frame_bytes, auth_timeout_seconds, buffer_bytes } = this.config.sockets;
    const io = new Server(this.server, {
      ...options,
      path: PATH,
      serveClient: false,
      destroyUpgrade: false,
      perMessageDeflate: false,
      maxHttpBufferSize: max_frame_bytes,
      connectTimeout: auth_timeout_seconds * 1000,
    });
    // Readers keep to the buffer by themselves; as much again may wait of the answers to frames.
    io.engine.on('connection', (line: Socket['conn']) => brakeEngine(line, 2 * buffer_bytes));
    // Before Engine.IO looks at anything: polls and handshakes of both transports come by here.
    io.engine.use((request: IncomingMessage, response: unknown, next: () => void) => {
      const refusal = this.rules.refusalOfHost(request) ?? this.rules.refusalOf(request);
      if (refusal !== undefined) refuse(request, response, refusal);
      else if (!isAnswer(response) || !this.origins.answer(request, response)) next();
      else response.writeHead(204).end();
    });
    // Everything has its namespace. The main one, which Socket.IO always has, would be open to anybody.
    io.use((_socket: Socket, next: (error?: Error) => void) => {
      const problem = toProblem(platformErrors.NOT_FOUND({ detail: 'There is nothing in this namespace.' }));
      next(Object.assign(new Error(problem.title), { data: problem }));
    });
    // Socket.IO has put its own listener on the server; it looks at nothing but its path.
    this.doors.leave(/^\/socket\.io(?:\/|$)/);
    this.doors.attach(this.server, this.rules);
    return io;
  }
}

function isAnswer(response: unknown): response is ServerResponse<IncomingMessage> {
  return response instanceof ServerResponse;
}

/** A poll has an answer of its own; an upgrade has nothing but its socket. */
function refuse(request: IncomingMessage, response: unknown, error: AppError): void {
  if (!isAnswer(response)) {
    refuseUpgrade(request.socket, error);
    return;
  }
  for (const [name, value] of [...HEADERS, ...Object.entries(error.facts.headers ?? {})]) {
    response.setHeader(name, value);
  }
  const correlationId = randomUUID();
  response.setHeader('X-Correlation-ID', correlationId);
  response.setHeader('Cache-Control', 'no-store');
  response.writeHead(error.status, { 'Content-Type': 'application/problem+json; charset=utf-8' });
  response.end(JSON.stringify(toProblem(error, { correlationId })));
}
