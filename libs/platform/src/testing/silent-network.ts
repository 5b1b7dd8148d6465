import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.js';

/** A network between a client and the database's socket that can fall silent without breaking. */
export class SilentNetwork {
  private readonly pairs = new Set<[Socket, Socket]>();
  private readonly silent = new Set<[Socket, Socket]>();
  private server: Server | undefined;

  async open(socketPath: string): Promise<number> {
    const port = await freePort();
    this.server = createServer((client) => {
      const upstream = connect(socketPath);
      const pair: [Socket, Socket] = [client, upstream];
      this.pairs.add(pair);
      client.pipe(upstream).pipe(client);
      for (const end of pair) end.on('error', () => undefined);
      client.on('close', () => {
        upstream.destroy();
        this.pairs.delete(pair);
      });
    });
    this.server.listen(port, '127.0.0.1');
    return port;
  }

  /** That are not silent. */
  get connections(): number {
    return this.pairs.size;
  }

  fallSilent(): void {
    for (const [client, upstream] of this.pairs) {
      client.unpipe(upstream);
      upstream.unpipe(client);
    }
    for (const pair of this.pairs) this.silent.add(pair);
    this.pairs.clear();
  }

  close(): void {
    for (const pair of [...this.pairs, ...this.silent]) for (const end of pair) end.destroy();
    this.server?.close();
  }
}
