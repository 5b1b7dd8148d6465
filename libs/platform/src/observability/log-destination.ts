import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type DestinationStream, destination } from 'pino';
import type { Config } from '../config/index.js';

interface Sink {
  write(line: string): unknown;
  flushSync(): void;
}

/** One write for many lines; the last ones wait at most a quarter of a second, or for the end of the process. */
const BUFFERED = { sync: false, minLength: 4096, periodicFlush: 250 } as const;

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

  static async open(config: Config['log']): Promise<LogDestination> {
    const output = destination({ dest: 1, ...BUFFERED });
    const { path, max_size, max_files } = config.file;
    if (path === null) return new LogDestination([output]);
    const { default: roll } = await import('pino-roll');
    const limit = { count: max_files, removeOtherLogFiles: true };
    return new LogDestination([output, await roll({ file: path, size: max_size, mkdir: true, limit, ...BUFFERED })]);
  }

  /** The last lines of a process are the ones that somebody will look for: from here on none waits. */
  onApplicationShutdown(): void {
    this.ending = true;
    process.removeListener('exit', this.flush);
    this.flush();
  }

  private readonly flush = (): void => {
    for (const sink of this.sinks) flushQuietly(sink);
  };
}

/** A sink that is not open yet, or no longer, says so by throwing; no log is left to say it in. */
function flushQuietly(sink: Sink): void {
  try {
    sink.flushSync();
  } catch (error) {
    process.stderr.write(`log not flushed: ${error instanceof Error ? error.message : 'unknown'}\n`);
  }
}
