import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { configSchema } from '../config/index.js';
import { HandshakeRules } from './handshake-rules.js';

function handshake(headers: Record<string, string>, { method = 'GET', peer = '10.0.0.1' } = {}): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: peer });
  const request = new IncomingMessage(socket);
  return Object.assign(request, { method, headers: { host: 'parley.example', ...headers } });
}

describe('handshake rules', () => {
  const http = { allowed_hosts: ['parley.example', '*.corp.example'], trusted_proxies: ['10.0.0.1'] };
  const rules = new HandshakeRules(configSchema.parse({ http, cors: { origins: ['https://app.example'] } }));

  it.each<[string, Record<string, string>, string, string | undefined]>([
    ['a served host', {}, '9.9.9.9', undefined],
    ['a suffix, with its port', { host: 'a.corp.example:8080' }, '9.9.9.9', undefined],
    ['a foreign host', { host: 'evil.example' }, '9.9.9.9', 'HOST_NOT_ALLOWED'],
    ['no host', { host: '' }, '9.9.9.9', 'HOST_NOT_ALLOWED'],
    [
      'what a trusted proxy was asked for',
      { host: 'inner:3000', 'x-forwarded-host': 'parley.example' },
      '10.0.0.1',
      undefined,
    ],
    [
      'the first that it says',
      { host: 'inner', 'x-forwarded-host': 'evil.example, parley.example' },
      '10.0.0.1',
      'HOST_NOT_ALLOWED',
    ],
    [
      'what anybody else says',
      { host: 'evil.example', 'x-forwarded-host': 'parley.example' },
      '9.9.9.9',
      'HOST_NOT_ALLOWED',
    ],
  ])('judge %s', (_what, headers, peer, code) => {
    expect(rules.refusalOfHost(handshake(headers, { peer }))?.code).toBe(code);
  });

  it.each<[string, Record<string, string>, string, string | undefined]>([
    ['no origin', {}, 'GET', undefined],
    ['a listed origin', { origin: 'https://app.example' }, 'GET', undefined],
    ['a foreign origin', { origin: 'https://evil.example' }, 'GET', 'ORIGIN_NOT_ALLOWED'],
    ['an upgrade by POST', { upgrade: 'websocket' }, 'POST', 'METHOD_NOT_ALLOWED'],
    ['a poll by POST', {}, 'POST', undefined],
  ])('judge %s', (_what, headers, method, code) => {
    expect(rules.refusalOf(handshake(headers, { method }))?.code).toBe(code);
  });
});
