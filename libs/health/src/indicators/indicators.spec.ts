import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { ProcessBus } from '@parley/platform/bus';
import { type Config, configSchema } from '@parley/platform/config';
import { DiskIndicator } from './disk.indicator.js';
import { EventLoopIndicator } from './event-loop.indicator.js';
import { MemoryIndicator } from './memory.indicator.js';
import { MigrationsIndicator } from './migrations.indicator.js';
import { RedisIndicator } from './redis.indicator.js';
import { StorageIndicator } from './storage.indicator.js';

jest.mock('node:v8', () => ({ ...jest.requireActual('node:v8'), getHeapStatistics: jest.fn() }));
jest.mock('node:fs/promises', () => {
  const actual = jest.requireActual('node:fs/promises');
  return { ...actual, statfs: jest.fn(actual.statfs) };
});

const { statfs } = jest.requireMock('node:fs/promises');

describe('indicators', () => {
  let folder: string;
  const configOf = (dataDir: string): Config => configSchema.parse({ data_dir: dataDir });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-indicators-'));
    await writeFile(join(folder, 'file'), '');
  });
  afterAll(() => rm(folder, { recursive: true }));
  afterEach(() => jest.restoreAllMocks());

  it('event_loop is degraded when everybody notices', async () => {
    const indicator = new EventLoopIndicator();
    await indicator.check();
    await sleep(300);
    expect(await indicator.check()).toEqual({ status: 'up' });
    await sleep(50);
    const until = performance.now() + 1500;
    while (performance.now() < until);
    await sleep(50);
    expect(await indicator.check()).toEqual({ status: 'degraded', reason: expect.stringMatching(/^\d+ ms late$/) });
  });

  it('memory is degraded near the end of the heap, and near what the process may have', async () => {
    const indicator = new MemoryIndicator();
    const heap = jest.requireActual('node:v8').getHeapStatistics();
    jest.mocked(getHeapStatistics).mockReturnValue({ ...heap, used_heap_size: 10, heap_size_limit: 100 });
    expect(await indicator.check()).toEqual({ status: 'up' });
    jest.mocked(getHeapStatistics).mockReturnValue({ ...heap, used_heap_size: 91, heap_size_limit: 100 });
    expect(await indicator.check()).toMatchObject({ status: 'degraded', reason: expect.stringContaining('heap') });
    jest.mocked(getHeapStatistics).mockReturnValue({ ...heap, used_heap_size: 10, heap_size_limit: 100 });
    jest.spyOn(process.memoryUsage, 'rss').mockReturnValue(totalmem() * 0.95);
    expect(await indicator.check()).toMatchObject({ status: 'degraded', reason: expect.stringContaining('may use') });
  });

  it('disk is degraded when little is free, down when nothing is, and up where nobody can say', async () => {
    const indicator = new DiskIndicator(configOf(folder));
    statfs.mockResolvedValue({ bavail: 3 * 1024, bsize: 1024 * 1024 });
    expect(await indicator.check()).toEqual({ status: 'up' });
    statfs.mockResolvedValue({ bavail: 512, bsize: 1024 * 1024 });
    expect(await indicator.check()).toEqual({ status: 'degraded', reason: '512 MiB are free' });
    statfs.mockResolvedValue({ bavail: 1, bsize: 4096 });
    expect(await indicator.check()).toEqual({ status: 'down', reason: 'the disk is full' });
    statfs.mockRejectedValue(new Error('ENOSYS'));
    expect(await indicator.check()).toMatchObject({ status: 'up', reason: expect.stringContaining('does not say') });
  });

  it.each([
    ['embedded', '.', { status: 'up' }],
    ['embedded', 'missing', { status: 'down', reason: 'the data directory is missing' }],
    ['server', 'missing', { status: 'up', reason: 'nothing is stored in files' }],
    ['server', 'file', { status: 'down', reason: 'the data directory is not a directory' }],
  ] as const)('storage beside a %s database with data in %s', async (mode, place, expected) => {
    const indicator = new StorageIndicator(configOf(join(folder, place)), { mode });
    expect(await indicator.check()).toEqual(expected);
  });

  it('redis is up where it is not configured, degraded where the bus or the limits do without', async () => {
    const bus = new ProcessBus();
    let degraded = false;
    const indicator = new RedisIndicator(configOf(folder), bus, { degraded: () => degraded });
    expect(await indicator.check()).toEqual({ status: 'up', reason: 'not configured' });
    degraded = true;
    expect(await indicator.check()).toMatchObject({ status: 'degraded', reason: expect.stringContaining('limits') });
    degraded = false;
    jest.spyOn(bus, 'state').mockReturnValue({ healthy: false });
    expect(await indicator.check()).toEqual({ status: 'degraded', reason: 'other nodes are not heard' });
  });

  it('migrations says what is wrong without naming it, and believes a right schema for a while', async () => {
    const none = { migrations: [], pending: [], drift: [], stale: [], forbidden: [] };
    const read = jest.fn();
    const indicator = new MigrationsIndicator({ read });
    read.mockRejectedValueOnce(new Error('at 10.0.0.7'));
    expect(await indicator.check()).toEqual({ status: 'down', reason: 'the schema cannot be read' });
    read.mockResolvedValueOnce({ ...none, drift: ['migration 9 is unknown'] });
    expect(await indicator.check()).toMatchObject({
      status: 'down',
      reason: expect.stringContaining('another version'),
    });
    read.mockResolvedValueOnce({ ...none, stale: ['pgboss'] });
    expect(await indicator.check()).toMatchObject({ status: 'down', reason: expect.stringContaining('pending') });
    read.mockResolvedValueOnce({ ...none, forbidden: ['users'] });
    expect(await indicator.check()).toMatchObject({ status: 'down', reason: expect.stringContaining('rights') });
    read.mockResolvedValueOnce(none);
    expect(await indicator.check()).toEqual({ status: 'up' });
    expect(await indicator.check()).toEqual({ status: 'up' });
    expect(read).toHaveBeenCalledTimes(5);
  });
});
