import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { ProviderFailure } from './provider-failure.js';

/** Time to build a connection, name and TLS included. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface ProviderHttpOptions {
  /** With or without a trailing slash; a query string is kept. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxConnections: number;
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * The connections to one provider, kept alive between calls. Has no time-outs of its own besides that of
 * connecting: silence is watched where the call is made, by one rule for every adapter.
 */
export class ProviderHttp {
  private readonly pool: Pool;
  private readonly basePath: string;
  private readonly query: string;

  constructor(private readonly options: ProviderHttpOptions) {
    const url = new URL(options.baseUrl);
    this.basePath = url.pathname.replace(/\/+$/, '');
    this.query = url.search;
    this.pool = new Pool(url.origin, {
      connections: options.maxConnections,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: CONNECT_TIMEOUT_MS },
    });
  }

  /** POSTs JSON and hands the answer to `handler` as it comes. */
  post(
    path: string,
    body: string,
    headers: Readonly<Record<string, string>>,
    handler: Dispatcher.DispatchHandler,
  ): void {
    this.pool.dispatch({ method: 'POST', path: this.pathOf(path), headers: this.headersWith(headers), body }, handler);
  }

  /**
   * One whole answer of any status.
   * @throws ProviderFailure where there is none, or the signal's reason
   */
  async json(
    method: 'GET' | 'POST',
    path: string,
    options: { body?: string; headers?: Readonly<Record<string, string>>; signal: AbortSignal },
  ): Promise<JsonAnswer> {
    const { body, headers = {}, signal } = options;
    try {
      const answer = await this.pool.request({
        method,
        path: this.pathOf(path),
        headers: this.headersWith(headers),
        signal,
        ...(body === undefined ? {} : { body }),
      });
      return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
    } catch (cause) {
      signal.throwIfAborted();
      throw new ProviderFailure('connection', { cause });
    }
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }

  private pathOf(path: string): string {
    return `${this.basePath}${path}${this.query}`;
  }

  private headersWith(headers: Readonly<Record<string, string>>): Record<string, string> {
    return { 'content-type': 'application/json', 'user-agent': 'parley', ...this.options.headers, ...headers };
  }
}
