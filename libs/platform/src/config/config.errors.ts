import { StartRefusal } from '../errors/index.js';

/** One thing that is wrong with the configuration. Never holds the value that was set. */
export interface ConfigFinding {
  /** The variable, or file, line and key path, that has to change. */
  readonly source: string;
  readonly problem: string;
}

/** The configuration was refused; the message lists every finding, one a line. */
export class ConfigError extends StartRefusal {
  override readonly name = 'ConfigError';

  constructor(readonly findings: readonly ConfigFinding[]) {
    super(
      ['The configuration was refused:', ...findings.map(({ source, problem }) => `  ${source}: ${problem}`)].join(
        '\n',
      ),
    );
  }
}
