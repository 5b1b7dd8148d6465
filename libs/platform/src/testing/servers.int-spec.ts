import {
  describeOnPostgresServer,
  describeOnRedis,
  openTestDatabase,
  openTestPostgres,
  openTestRedis,
  type TestPostgres,
  type TestRedis,
} from './index.js';

describeOnPostgresServer("this machine's PostgreSQL server", () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await openTestPostgres();
  });
  afterAll(() => server.close());

  it('takes the same migrations and keeps what was committed over a kill', async () => {
    const test = await openTestDatabase({ server });
    await test.pool.query("insert into principals (id, kind, created_at) values ('usr_1', 'user', now())");
    await server.kill();
    await server.restart();
    const { rows } = await test.pool.query('select id from principals');
    expect(rows).toEqual([{ id: 'usr_1' }]);
    await test.close();
  });
});

describeOnRedis("this machine's Redis", () => {
  let server: TestRedis;
  beforeAll(async () => {
    server = await openTestRedis();
  });
  afterAll(() => server.close());

  it('stops and comes back on the same port', async () => {
    await expect(ping(server.port)).resolves.toBe('+PONG');
    await server.kill();
    await expect(ping(server.port)).rejects.toThrow('ECONNREFUSED');
    await server.restart();
    await expect(ping(server.port)).resolves.toBe('+PONG');
  });
});

async function ping(port: number): Promise<string> {
  const { connect } = await import('node:net');
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('error', reject);
    socket.once('data', (chunk) => {
      socket.destroy();
      resolve(chunk.toString().trim());
    });
  });
}
