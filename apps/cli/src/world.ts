import type { Readable } from 'node:stream';
import type { Environment } from '@parley/platform/config';

/** What a command sees of the machine it runs on. */
export interface World {
  readonly env: Environment;
  /** The folder that holds `config/`. */
  readonly cwd: string;
  readonly stdin: Readable;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}
