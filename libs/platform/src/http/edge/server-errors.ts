import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type AppError, platformErrors, toProblem } from '../../errors/index.js';
import { ALLOW } from './edge.js';
import { type HeaderList, securityHeaders } from './security-headers.js';

/** No request line within this many bytes: it is the address that is too long, not the headers. */
const LONGEST_LINE = 8192;

const LINGER_MS = 1000;

function stringMember(error: Error, name: string): string {
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : '';
}

function overflow(error: Error): AppError {
  const packet: unknown = Reflect.get(error, 'rawPacket');
  const lineEnd = Buffer.isBuffer(packet) ? packet.indexOf('\r\n') : 0;
  return lineEnd === -1 || lineEnd > LONGEST_LINE ? platformErrors.URI_TOO_LONG() : platformErrors.HEADERS_TOO_LARGE();
}

/** What Node's parser found wrong before there was a request to hand on. */
export function fromParser(error: Error): AppError {
  switch (stringMember(error, 'code')) {
    case 'HPE_HEADER_OVERFLOW':
      return overflow(error);
    case 'HPE_INVALID_METHOD':
      return platformErrors.METHOD_NOT_ALLOWED({ headers: { Allow: ALLOW } });
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return platformErrors.PAYLOAD_TOO_LARGE();
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return platformErrors.REQUEST_TIMEOUT();
    default:
      return platformErrors.BAD_REQUEST();
  }
}

/** A whole answer as bytes, for connections that have no response object. */
export function rawAnswer(error: AppError, headers: HeaderList): string {
  const correlationId = randomUUID();
  const body = JSON.stringify(toProblem(error, { correlationId }));
  const lines = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}`,
    ...[...headers, ...Object.entries(error.facts.headers ?? {})].map(([name, value]) => `${name}: ${value}`),
    ...(error.facts.retryAfter === undefined ? [] : [`Retry-After: ${Math.ceil(error.facts.retryAfter)}`]),
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    `X-Correlation-ID: ${correlationId}`,
    `Date: ${new Date().toUTCString()}`,
    'Connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Makes what Node answers by itself look like everything else that we answer. */
export function answerServerErrors(server: Server): void {
  const headers = securityHeaders();
  const refuse = (socket: Duplex, error: AppError): void => {
    // Node has detached from a CONNECT socket: without a listener, a peer that hangs up would be an uncaught error.
    socket.on('error', () => socket.destroy());
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    // What is still coming is read and dropped, or the peer might never see the answer; but not for long.
    socket.end(rawAnswer(error, headers)).resume();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  };
  server.on('clientError', (error: Error, socket: Duplex) => {
    // An answer under way would be torn by a second one: cut the line instead.
    const answer: unknown = Reflect.get(socket, '_httpMessage');
    const begun = answer instanceof ServerResponse && answer.headersSent;
    if (begun || stringMember(error, 'code') === 'ECONNRESET') socket.destroy();
    else refuse(socket, fromParser(error));
  });
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    refuse(socket, platformErrors.METHOD_NOT_ALLOWED({ headers: { Allow: ALLOW } }));
  });
  // Refused by the edge, with everything else that it checks.
  server.on('checkExpectation', (request, response) => {
    server.emit('request', request, response);
  });
}
