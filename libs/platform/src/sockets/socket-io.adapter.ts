import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Server, type ServerOptions } from 'socket.io';
import type { Config } from '../config/index.js';
import { Origins } from '../http/index.js';
import type { UpgradeDoors } from './upgrade-doors.js';

const PATH = '/socket.io';

/**
 * Socket.IO at `/socket.io`, without its own answers to foreign upgrades and without any cluster
 * adapter: every connection has a reader of its own on the log, a second way to deliver would deliver
 * twice. Polling stays for clients with default options.
 */
export class SocketIoAdapter extends IoAdapter {
  private readonly origins: Origins;

  constructor(
    app: INestApplicationContext,
    private readonly server: HttpServer,
    private readonly doors: UpgradeDoors,
    private readonly config: Config,
  ) {
    super(app);
    this.origins = new Origins(config);
  }

  override createIOServer(_port: number, options?: ServerOptions): Server {
    const { origins } = this.config.cors;
    const io = new Server(this.server, {
      ...options,
      path: PATH,
      serveClient: false,
      destroyUpgrade: false,
      perMessageDeflate: false,
      maxHttpBufferSize: this.config.sockets.max_frame_bytes,
      ...(origins.length === 0 ? {} : { cors: { origin: origins, credentials: true } }),
      allowRequest: (request: IncomingMessage, decide: (error: string | null, allowed: boolean) => void) => {
        decide(null, this.origins.mayOpen(request.headers.origin, request.headers.host));
      },
    });
    // Socket.IO has put its own listener on the server; it looks at nothing but its path.
    this.doors.open(/^\/socket\.io(?:\/|$)/, () => undefined);
    this.doors.attach(this.server);
    return io;
  }
}
