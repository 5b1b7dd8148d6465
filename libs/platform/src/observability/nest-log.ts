import { Logger, PinoLogger } from 'nestjs-pino';
import type { Logger as Pino } from 'pino';
import { StartRefusal } from '../errors/index.js';

/** Nest's account of how it puts the application together: one line per module and route. */
const ASSEMBLY = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'WebSocketsController']);

/** nestjs-pino keeps one logger per process, the first; two programs in one process (tests) have two. */
class OwnLogger extends PinoLogger {
  constructor(private readonly own: Pino) {
    super({ pinoHttp: { logger: own } });
  }

  override get logger(): Pino {
    return this.own;
  }
}

/** Nest's `Logger` on pino. What tells of assembling the program is for `debug`. */
export class NestLog extends Logger {
  constructor(logger: Pino) {
    super(new OwnLogger(logger), {});
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (isOf(ASSEMBLY, rest)) this.debug(message, ...rest);
    else super.log(message, ...rest);
  }

  override error(message: unknown, ...rest: unknown[]): void {
    // Nest logs, with its stack, what keeps it from starting; whoever starts the program says it in a line.
    if (message instanceof StartRefusal) this.debug(message, ...rest);
    else super.error(message, ...rest);
  }
}

/** Whether the context, which Nest gives last, is one of these. */
function isOf(contexts: ReadonlySet<string>, rest: readonly unknown[]): boolean {
  const context = rest.at(-1);
  return typeof context === 'string' && contexts.has(context);
}
