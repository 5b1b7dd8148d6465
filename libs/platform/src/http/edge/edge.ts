import type { Server } from 'node:http';
import compression from 'compression';
import type { NextFunction, Request, Response } from 'express';
import type { Config } from '../../config/index.js';
import { type AppError, platformErrors } from '../../errors/index.js';
import { type HttpMetrics, newContext, runWithContext } from '../../observability/index.js';
import { answerProblem } from '../problems/answer-problem.js';
import { EVENT_STREAM_TYPE } from '../streams/event-stream.js';
import { AccessLog } from './access-log.js';
import { Hosts } from './hosts.js';
import { type BodyBounds, hasBody, isJsonType, parseJson, readBody, tooLarge } from './json-body.js';
import { OpenRequests } from './open-requests.js';
import { Origins } from './origins.js';
import { parseQuery } from './query-string.js';
import { isProbe, pathOf, type RequestFacts, setFacts } from './request-facts.js';
import { type HeaderList, securityHeaders, strictTransport } from './security-headers.js';

const LONGEST_URL = 8192;
const MOST_HEADERS = 100;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
export const ALLOW = 'DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT';

const COMPRESSIBLE = /\b(?:br|gzip)\b/;

/** Everything that happens to a request before a route is looked for, in one middleware. */
export class Edge {
  private readonly headers: HeaderList = securityHeaders();
  private readonly strictTransport: string | undefined;
  private readonly hosts: Hosts;
  private readonly origins: Origins;
  private readonly body: BodyBounds;
  private readonly deadlineMs: number;
  private readonly https: string | undefined;
  private readonly log: AccessLog;
  readonly requests = new OpenRequests();
  private readonly compress = compression({
    threshold: 1024,
    filter: (request, response) =>
      !String(response.getHeader('Content-Type')).startsWith(EVENT_STREAM_TYPE) &&
      compression.filter(request, response),
  });

  constructor(
    private readonly config: Config,
    private readonly server: Server,
    metrics: HttpMetrics,
  ) {
    this.strictTransport = strictTransport(config);
    this.hosts = new Hosts(config);
    this.origins = new Origins(config);
    const { body_limit_bytes, body_timeout_seconds, request_timeout_seconds, public_url } = config.http;
    this.body = { bytes: body_limit_bytes, milliseconds: body_timeout_seconds * 1000 };
    this.deadlineMs = request_timeout_seconds * 1000;
    this.https = public_url?.startsWith('https:') === true ? public_url.replace(/\/+$/, '') : undefined;
    this.log = new AccessLog(metrics, config.log.bodies && config.env === 'development');
  }

  readonly handle = (request: Request, response: Response, next: NextFunction): void => {
    const facts = this.begin(request, response);
    // Once here, whatever goes wrong is answered as a problem, and every line it writes is this request's.
    runWithContext(facts.context, () => {
      try {
        this.pass(request, response, facts, next);
      } catch (thrown) {
        answerProblem(request, response, thrown);
      }
    });
  };

  private begin(request: Request, response: Response): RequestFacts {
    const facts: RequestFacts = { context: newContext(request.headers), startedAt: performance.now() };
    setFacts(request, facts);
    for (const [name, value] of this.headers) response.setHeader(name, value);
    response.setHeader('X-Correlation-ID', facts.context.correlationId);
    if (this.strictTransport !== undefined && request.secure) {
      response.setHeader('Strict-Transport-Security', this.strictTransport);
    }
    const answered = this.requests.open();
    response.once('close', () => {
      answered();
      clearTimeout(facts.deadline);
      this.log.write(request, response, facts);
      if (!request.complete) this.discard(request);
      // A closing server has closed the connections that were idle at that moment; this one comes later.
      if (!this.server.listening) request.socket.end();
    });
    if (!this.server.listening) response.setHeader('Connection', 'close');
    return facts;
  }

  private pass(request: Request, response: Response, facts: RequestFacts, next: NextFunction): void {
    this.checkLine(request);
    const path = pathOf(request.url);
    if (!isProbe(path) && !this.checkAddress(request, response)) return;
    if (this.origins.answer(request, response)) {
      response.statusCode = 204;
      response.end();
      return;
    }
    if (path.length < request.url.length) {
      Object.defineProperty(request, 'query', { value: parseQuery(request.url.slice(path.length + 1)) });
    }
    if (this.config.http.compression && COMPRESSIBLE.test(request.headers['accept-encoding'] ?? '')) {
      this.compress(request, response, () => undefined);
    }
    this.takeBody(request, response, facts, () => {
      facts.deadline = setTimeout(() => {
        answerProblem(request, response, platformErrors.REQUEST_DEADLINE({ retryAfter: 5 }));
      }, this.deadlineMs);
      next();
    });
  }

  /** @throws what is wrong with the request line and the headers as such */
  private checkLine(request: Request): void {
    if (!METHODS.has(request.method)) throw platformErrors.METHOD_NOT_ALLOWED({ headers: { Allow: ALLOW } });
    if (request.url.length > LONGEST_URL) throw platformErrors.URI_TOO_LONG();
    if (request.rawHeaders.length > MOST_HEADERS * 2) throw platformErrors.HEADERS_TOO_LARGE();
    if (request.headers.host === undefined) throw platformErrors.BAD_REQUEST({ detail: 'The Host header is missing.' });
    const { expect } = request.headers;
    if (expect !== undefined && expect.toLowerCase() !== '100-continue') throw platformErrors.EXPECTATION_FAILED();
    // No text that is stored holds U+0000, so nothing has this name.
    if (request.url.includes('%00') && pathOf(request.url).includes('%00')) throw platformErrors.NOT_FOUND();
  }

  /** @returns false when the request was sent on to https */
  private checkAddress(request: Request, response: Response): boolean {
    if (!this.hosts.serves(request.host)) throw platformErrors.HOST_NOT_ALLOWED();
    if (this.https === undefined || request.secure) return true;
    if (request.method !== 'GET' && request.method !== 'HEAD') throw platformErrors.HTTPS_REQUIRED();
    response.statusCode = 301;
    response.setHeader('Location', `${this.https}${request.url}`);
    response.end();
    return false;
  }

  /** Reads JSON; bodies of other types stay unread for the routes that declare them. */
  private takeBody(request: Request, response: Response, facts: RequestFacts, next: () => void): void {
    if (!this.awaitsJson(request)) {
      next();
      return;
    }
    const resume = (refusal: AppError | undefined, bytes: Buffer): void => {
      try {
        if (refusal !== undefined) throw refusal;
        request.body = parseJson(bytes);
        next();
      } catch (thrown) {
        answerProblem(request, response, thrown);
      }
    };
    // The events of a request belong to its connection: the context has to be entered anew.
    readBody(request, this.body, (refusal, bytes) => runWithContext(facts.context, () => resume(refusal, bytes)));
  }

  private awaitsJson(request: Request): boolean {
    if (!hasBody(request)) return false;
    if (request.headers['content-encoding'] !== undefined) throw platformErrors.UNSUPPORTED_MEDIA_TYPE();
    if (!isJsonType(request.headers['content-type'] ?? '')) return false;
    if (Number(request.headers['content-length'] ?? 0) > this.body.bytes) throw tooLarge(this.body);
    return true;
  }

  /** Lets what is left of a refused body run off, so that its sender reads the answer; but not for ever. */
  private discard(request: Request): void {
    const timer = setTimeout(() => request.destroy(), this.body.milliseconds);
    timer.unref();
    request.once('close', () => clearTimeout(timer)).resume();
  }
}
