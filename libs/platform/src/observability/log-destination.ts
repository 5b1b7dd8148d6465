import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type DestinationStream, destination, type Level, multistream } from 'pino';
import type { Config } from '../config/index.js';

interface Flushable {
  flushSync(): void;
}

/** One write for many lines; the last ones wait at most a quarter of a second, or for the end of the process. */
const BUFFERED = { sync: false, minLength: 4096, periodicFlush: 250 } as const;

/** Where log lines go: standard output, and a rotated file where one is configured. */
@Injectable()
export class LogDestination implements OnApplicationShutdown {
  private readonly flush = (): void => {
    for (const sink of this.sinks) flushQuietly(sink);
  };

  private constructor(
    readonly stream: DestinationStream,
    private readonly sinks: readonly Flushable[],
  ) {
    process.once('exit', this.flush);
  }

  static async open(config: Config['log']): Promise<LogDestination> {
    const output = destination({ dest: 1, ...BUFFERED });
    const { path, max_size, max_files } = config.file;
    if (path === null) return new LogDestination(output, [output]);
    const { default: roll } = await import('pino-roll');
    const limit = { count: max_files, removeOtherLogFiles: true };
    const file = await roll({ file: path, size: max_size, mkdir: true, limit, ...BUFFERED });
    const level: Level = config.level === 'silent' ? 'fatal' : config.level;
    const both = multistream([
      { level, stream: output },
      { level, stream: file },
    ]);
    return new LogDestination(both, [output, file]);
  }

  /** The last lines of a process are the ones that somebody will look for. */
  onApplicationShutdown(): void {
    process.removeListener('exit', this.flush);
    this.flush();
  }
}

/** A destination that is not open yet, or no longer, has nothing to flush and says so by throwing. */
function flushQuietly(sink: Flushable): void {
  try {
    sink.flushSync();
  } catch (error) {
    process.stderr.write(`log not flushed: ${error instanceof Error ? error.message : 'unknown'}\n`);
  }
}
