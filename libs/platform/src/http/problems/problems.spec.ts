import {
  ForbiddenException,
  HttpException,
  PayloadTooLargeException,
  ServiceUnavailableException,
} from '@nestjs/common';
import { platformErrors } from '../../errors/index.js';
import { safeInstance } from './answer-problem.js';
import { translateError } from './translate-error.js';
import { allowedMethods } from './unrouted.js';

const httpError = (status: number, expose: boolean) => Object.assign(new Error('says "<script>"'), { status, expose });
const multer = (code: string) => Object.assign(new Error('x'), { name: 'MulterError', code });

it.each([
  [platformErrors.CONFLICT(), 'CONFLICT'],
  [new PayloadTooLargeException(), 'PAYLOAD_TOO_LARGE'],
  [new ForbiddenException(), 'FORBIDDEN'],
  [new HttpException('teapot', 418), 'BAD_REQUEST'],
  [new ServiceUnavailableException(), 'INTERNAL'],
  [httpError(415, true), 'UNSUPPORTED_MEDIA_TYPE'],
  [httpError(404, false), 'INTERNAL'],
  [multer('LIMIT_FILE_SIZE'), 'PAYLOAD_TOO_LARGE'],
  [multer('LIMIT_UNEXPECTED_FILE'), 'BAD_REQUEST'],
  [new Error('disk full'), 'INTERNAL'],
  ['a text', 'INTERNAL'],
  [undefined, 'INTERNAL'],
])('translates %s to %s', (thrown, code) => {
  const error = translateError(thrown);
  expect(error.code).toBe(code);
  expect(error.message).not.toContain('script');
});

it('shows paths as addresses, never as markup', () => {
  expect(safeInstance('/a/<script>alert("1")</script>/é/\ud800')).toBe(
    '/a/%3Cscript%3Ealert(%221%22)%3C/script%3E/%C3%A9/%EF%BF%BD',
  );
  expect(safeInstance('/api/v1/chat/sessions/ses_1/~x?')).toBe('/api/v1/chat/sessions/ses_1/~x?');
});

it('finds no methods in what is no router', () => {
  expect(allowedMethods(undefined, '/')).toEqual([]);
  expect(allowedMethods({ stack: [{}, null, { route: { methods: { get: true } } }] }, '/')).toEqual([]);
  const layer = { route: { methods: { get: true } }, match: (path: string) => (path === '/a' ? { path } : undefined) };
  expect(allowedMethods({ stack: [layer] }, '/a')).toEqual(['GET', 'HEAD', 'OPTIONS']);
  expect(allowedMethods({ stack: [layer] }, '/b')).toEqual([]);
  const every = { route: { methods: { get: true, post: true, trace: true } }, match: layer.match };
  expect(allowedMethods({ stack: [every] }, '/a')).toEqual([]);
});
