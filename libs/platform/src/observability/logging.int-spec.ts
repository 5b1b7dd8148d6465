import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { z } from 'zod';
import { configSchema } from '../config/index.js';
import { StartRefusal } from '../errors/index.js';
import { createLogger } from './create-logger.js';
import { LoggingModule, ProgramLog, runWithContext } from './index.js';
import { LogDestination } from './log-destination.js';
import { NestLog } from './nest-log.js';

const line = z.looseObject({ level: z.string(), time: z.iso.datetime(), msg: z.string().optional() });

function capture(): { lines: string[]; stream: { write(text: string): void } } {
  const lines: string[] = [];
  return { lines, stream: { write: (text) => void lines.push(text) } };
}

it('writes JSON with level, time, the context of the request, and no secret', () => {
  const { lines, stream } = capture();
  const logger = createLogger('info', { stream });
  const principal = { principalId: 'usr_1', orgId: 'org_1', loginId: null };
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  runWithContext({ correlationId: 'c-1', traceparent, principal }, () => {
    logger.info({ password: 'hunter2', url: 'redis://:hunter2@host' }, 'used Bearer hunter2hunter2');
    logger.error({ err: Object.assign(new Error('at postgres://u:hunter2@db'), { token: 'hunter2' }) });
    logger.debug('too fine');
  });
  expect(lines).toHaveLength(2);
  const [first, second] = lines.map((text) => line.parse(JSON.parse(text)));
  expect(first).toMatchObject({
    level: 'info',
    correlation_id: 'c-1',
    principal_id: 'usr_1',
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    msg: 'used Bearer [REDACTED:credential]',
  });
  expect(second).toMatchObject({ level: 'error', err: { type: 'Error', token: '[REDACTED:token]' } });
  expect(lines.join('')).not.toContain('hunter2');
});

it('takes what Nest tells of assembling the program as fine detail, and leaves a refusal to whoever starts it', () => {
  const { lines, stream } = capture();
  const log = new NestLog(createLogger('info', { stream }));
  log.log('Mapped {/health, GET} route', 'RouterExplorer');
  log.error(new StartRefusal('config/x.yaml: no'), 'ExceptionHandler');
  expect(lines).toEqual([]);
  log.log('said', 'Somewhere');
  log.error(new Error('broken'), 'ExceptionHandler');
  expect(lines.map((text) => line.parse(JSON.parse(text)))).toMatchObject([
    { level: 'info', context: 'Somewhere', msg: 'said' },
    { level: 'error', context: 'ExceptionHandler', err: { message: 'broken' } },
  ]);
});

it('keeps one entry one line, whatever is in it', () => {
  const { lines, stream } = capture();
  createLogger('info', { stream }).info({ text: 'a\r\n{"level":"fatal"}' }, 'b\nc');
  expect(lines).toHaveLength(1);
  expect(lines[0]?.trimEnd()).not.toMatch(/[\r\n]/);
});

it('is settled when also what came during a write is written', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-log-'));
  const destination = await LogDestination.open(
    configSchema.parse({ log: { file: { path: join(folder, 'parley') } } }),
  );
  const say = (msg: string) => destination.stream.write(`{"msg":"${msg}"}\n`);
  say('one');
  await destination.settle();
  say('two');
  const writing = destination.settle();
  say('three');
  await destination.settle();
  const written = await readFile(join(folder, 'parley.1.log'), 'utf8');
  expect(written.match(/one|two|three/g)).toEqual(['one', 'two', 'three']);
  await writing;
  destination.onApplicationShutdown();
  await rm(folder, { recursive: true, force: true });
});

it('writes to a rotated file through Nest, flushed when the application ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'parley-log-'));
  const path = join(folder, 'logs', 'parley.log');
  const config = configSchema.parse({ log: { file: { path, max_size: '2k', max_files: 2 } } });
  const log = await ProgramLog.open(config);
  const testing = await Test.createTestingModule({ imports: [LoggingModule.forRoot(log)] }).compile();
  const app = testing.createNestApplication();
  app.useLogger(log.nest);
  await app.init();
  const logger = new Logger('Somewhere');
  for (let round = 0; round < 4; round += 1) {
    logger.log({ msg: 'a line', padding: 'x'.repeat(1500), round });
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  logger.log('the last one');
  app.enableShutdownHooks();
  await app.close();
  const files = (await readdir(join(folder, 'logs'))).sort();
  expect(files.length).toBeGreaterThan(1);
  expect(files.length).toBeLessThanOrEqual(3);
  const texts = await Promise.all(files.map((name) => readFile(join(folder, 'logs', name), 'utf8')));
  const last = texts
    .join('')
    .trimEnd()
    .split('\n')
    .map((text) => line.parse(JSON.parse(text)))
    .at(-1);
  expect(last).toMatchObject({ level: 'info', context: 'Somewhere', msg: 'the last one' });
  await rm(folder, { recursive: true });
}, 30_000);
