import { createServer } from 'node:net';
import { explainRefusal, StartRefusal } from './index.js';

it('tells what was foreseen without a stack', () => {
  class OneOfThem extends StartRefusal {
    override readonly name = 'OneOfThem';
  }
  expect(explainRefusal(new OneOfThem('config/x.yaml:3 /a is no number'))).toBe(
    'Parley did not start: config/x.yaml:3 /a is no number',
  );
});

it('tells what the operating system refused in its one line', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const second = createServer();
  const refused = new Promise<Error>((resolve) => second.once('error', resolve));
  second.listen(port, '127.0.0.1');
  const said = explainRefusal(await refused);
  server.close();
  expect(said).toBe(`Parley did not start: listen EADDRINUSE: address already in use 127.0.0.1:${port}`);
});

it('shows the stack of what nobody foresaw', () => {
  expect(explainRefusal(new TypeError('x is not a function'))).toMatch(
    /^Parley did not start\.\nTypeError: x is not a function\n {4}at /,
  );
  expect(explainRefusal('thrown')).toBe('Parley did not start.\nthrown');
});
