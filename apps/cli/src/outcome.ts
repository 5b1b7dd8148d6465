/** Exit codes of every command; scripts rely on them. */
export const EXIT = {
  ok: 0,
  /** The command failed, or found what it looks for. */
  failed: 1,
  /** Wrong arguments, or a configuration that is refused. */
  usage: 2,
  /** The database, or another server that the command needs, cannot be reached. */
  unreachable: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_HELP = `
Exit codes: 0 done; 1 failed, or something was found; 2 wrong arguments or refused configuration;
3 a server that is needed (database, Redis) cannot be reached.`;

/** What a command has to say: as text for people and, with --json, as one JSON document. */
export interface Outcome {
  readonly exitCode: ExitCode;
  readonly text: string;
  readonly json: unknown;
  /** The command could not do its work: the text goes to standard error. What was found does not. */
  readonly broken?: boolean;
}

export function done(text: string, json: unknown): Outcome {
  return { exitCode: EXIT.ok, text, json };
}

/** Rows under their headings, columns as wide as their widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [headings, ...rows].map(line).join('\n');
}
