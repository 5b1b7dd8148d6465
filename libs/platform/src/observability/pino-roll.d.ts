declare module 'pino-roll' {
  interface RolledFile {
    write(line: string): unknown;
    flushSync(): void;
    flush(done: () => void): void;
    on(event: 'error', listener: (error: Error) => void): unknown;
  }

  interface RollOptions {
    readonly file: string;
    /** `10k`, `50m`, `1g`. */
    readonly size: string;
    readonly mkdir: boolean;
    readonly limit: { readonly count: number; readonly removeOtherLogFiles: boolean };
    readonly sync: boolean;
    /** Bytes that are gathered before a write. */
    readonly minLength: number;
    /** Milliseconds after which they are written all the same. */
    readonly periodicFlush: number;
  }

  export default function build(options: RollOptions): Promise<RolledFile>;
}
