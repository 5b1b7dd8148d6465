import { access, constants, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type DestinationStream, destination } from 'pino';
import { type Config, ConfigError, errorCode, sourceOf } from '../config/index.js';

interface Sink {
  write(line: string): unknown;
  flushSync(): void;
  flush(done: () => void): void;
}

/** One write for many lines; the last ones wait at most a quarter of a second, or for the end of the process. */
const BUFFERED = { sync: false, minLength: 4096, periodicFlush: 250 } as const;

/** Longest wait for lines to be written. */
const SETTLE_MS = 1000;

/** Where log lines go: standard output, and a rotated file where one is configured. */
@Injectable()
export class LogDestination implements OnApplicationShutdown {
  private ending = false;

  readonly stream: DestinationStream = {
    write: (line) => {
      for (const sink of this.sinks) sink.write(line);
      if (this.ending) this.flush();
    },
  };

  private constructor(private readonly sinks: readonly Sink[]) {
    process.once('exit', this.flush);
  }

  /** @throws ConfigError when the log file cannot be written */
  static async open(config: Config): Promise<LogDestination> {
    const output = destination({ dest: 1, ...BUFFERED });
    const { path } = config.log.file;
    if (path === null) return new LogDestination([output]);
    try {
      return new LogDestination([output, await openFile(path, config.log.file)]);
    } catch (error) {
      const problem = `the log file ${path} cannot be written (${errorCode(error)})`;
      throw new ConfigError([{ source: sourceOf(config, 'log.file.path'), problem }]);
    }
  }

  /** The last lines of a process are the ones that somebody will look for: from here on none waits. */
  onApplicationShutdown(): void {
    this.ending = true;
    process.removeListener('exit', this.flush);
    this.flush();
  }

  /** Waits, a second at most, until everything so far is written, in its order: `flush` overtakes what is under way. */
  async settle(): Promise<void> {
    await Promise.race([Promise.all(this.sinks.map(written)), sleep(SETTLE_MS, undefined, { ref: false })]);
  }

  private readonly flush = (): void => {
    for (const sink of this.sinks) flushQuietly(sink);
  };
}

/** A sink that is writing is flushed when that write is done: what was buffered meanwhile takes a second one. */
async function written(sink: Sink): Promise<void> {
  for (let round = 0; round < 2; round += 1) await new Promise<void>((resolve) => sink.flush(() => resolve()));
}

async function openFile(file: string, { max_size: size, max_files }: Config['log']['file']): Promise<Sink> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true });
  await access(folder, constants.W_OK);
  const { default: roll } = await import('pino-roll');
  const limit = { count: max_files, removeOtherLogFiles: true };
  const sink = await roll({ file, size, mkdir: true, limit, ...BUFFERED });
  // Without a listener a full disk would end the process.
  sink.on('error', (error) => process.stderr.write(`log file not written: ${errorCode(error)}\n`));
  return sink;
}

/** A sink that is not open yet, or no longer, says so by throwing; no log is left to say it in. */
function flushQuietly(sink: Sink): void {
  try {
    sink.flushSync();
  } catch (error) {
    process.stderr.write(`log not flushed: ${error instanceof Error ? error.message : 'unknown'}\n`);
  }
}
