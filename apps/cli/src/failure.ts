import { ConfigError } from '@parley/platform/config';
import { DatabaseStartError, isConnectionLost } from '@parley/platform/database';
import { AppError, StartRefusal } from '@parley/platform/errors';
import { EXIT, type ExitCode, type Outcome } from './outcome.js';

/** A command says itself why it does nothing. */
class CommandError extends Error {
  constructor(
    readonly exitCode: ExitCode,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The arguments fit the command's shape, but not each other or what they stand for. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super(EXIT.usage, 'USAGE', message);
  }
}

/** The installation is set up so that there is nothing for the command to do. */
export class NotHere extends CommandError {
  override readonly name = 'NotHere';

  constructor(code: string, message: string) {
    super(EXIT.failed, code, message);
  }
}

interface Explanation {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly message: string;
  readonly details?: readonly string[];
}

/** What a command that threw says and how it exits. Only what nobody foresaw shows its stack. */
export function explainFailure(thrown: unknown): Outcome {
  const { exitCode, code, message, details = [] } = explain(thrown);
  return {
    broken: true,
    exitCode,
    text: [message, ...details.map((detail) => `  ${detail}`)].join('\n'),
    json: { error: { code, message, ...(details.length === 0 ? {} : { details }) } },
  };
}

function explain(thrown: unknown): Explanation {
  if (thrown instanceof ConfigError) {
    const details = thrown.findings.map(({ source, problem }) => `${source}: ${problem}`);
    return { exitCode: EXIT.usage, code: 'CONFIG_REFUSED', message: 'The configuration was refused.', details };
  }
  if (thrown instanceof CommandError) {
    const { exitCode, code, message } = thrown;
    return { exitCode, code, message };
  }
  if (thrown instanceof DatabaseStartError) {
    const { message, unreachable } = thrown;
    return unreachable
      ? { exitCode: EXIT.unreachable, code: 'DATABASE_UNAVAILABLE', message }
      : { exitCode: EXIT.failed, code: 'DATABASE_REFUSED', message };
  }
  if (thrown instanceof StartRefusal) return { exitCode: EXIT.failed, code: 'REFUSED', message: thrown.message };
  if (thrown instanceof AppError) return explainAppError(thrown);
  if (isConnectionLost(thrown)) {
    const message = 'The database cannot be reached.';
    return { exitCode: EXIT.unreachable, code: 'DATABASE_UNAVAILABLE', message };
  }
  const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return { exitCode: EXIT.failed, code: 'INTERNAL', message };
}

function explainAppError(error: AppError): Explanation {
  const away = error.code === 'DATABASE_UNAVAILABLE';
  return {
    exitCode: away ? EXIT.unreachable : EXIT.failed,
    code: error.code,
    message: error.message,
    details: (error.facts.errors ?? []).map(({ detail }) => detail),
  };
}
