import type { LoggerService } from '@nestjs/common';

/** Warnings and errors of the libraries as lines on standard error: standard output is the command's own. */
export class QuietLog implements LoggerService {
  constructor(private readonly write: (text: string) => void) {}

  log(): void {
    // What went well is the command's to tell.
  }

  warn(message: unknown): void {
    this.write(`warning: ${describe(message)}\n`);
  }

  error(message: unknown): void {
    this.write(`error: ${describe(message)}\n`);
  }
}

function describe(message: unknown): string {
  if (typeof message !== 'object' || message === null) return String(message);
  const text = 'msg' in message ? String(message.msg) : JSON.stringify(message);
  const cause = 'err' in message && message.err instanceof Error ? `: ${message.err.message}` : '';
  return `${text}${cause}`;
}
