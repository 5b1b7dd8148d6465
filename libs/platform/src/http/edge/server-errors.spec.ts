import { platformErrors } from '../../errors/index.js';
import { rawAnswer } from './server-errors.js';

it('says on a bare line as well when to come back, in whole seconds', () => {
  const [head = '', body = ''] = rawAnswer(platformErrors.OVERLOADED({ retryAfter: 1.2 }), [['Server', 'x']]).split(
    '\r\n\r\n',
  );
  expect(head.split('\r\n')).toEqual(expect.arrayContaining(['HTTP/1.1 503 Service Unavailable', 'Retry-After: 2']));
  expect(JSON.parse(body)).toMatchObject({ code: 'OVERLOADED', status: 503 });
  expect(rawAnswer(platformErrors.BAD_REQUEST(), [])).not.toContain('Retry-After');
});
