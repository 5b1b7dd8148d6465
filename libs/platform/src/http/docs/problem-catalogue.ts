import type { ErrorCatalogue, ErrorDefinition } from '../../errors/index.js';

/** One code as `/problems/<code>` explains it. */
export interface ProblemEntry {
  readonly type: string;
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly remedy: string;
}

/** Every code of every library, by name. */
export class ProblemCatalogue {
  private readonly entries = new Map<string, ProblemEntry>();

  /** @throws Error when two libraries declare the same code */
  constructor(catalogues: readonly ErrorCatalogue[]) {
    for (const catalogue of catalogues) {
      for (const [code, { definition }] of Object.entries(catalogue)) this.add(code, definition);
    }
  }

  find(code: string): ProblemEntry | undefined {
    return this.entries.get(code);
  }

  all(): ProblemEntry[] {
    return [...this.entries.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
  }

  private add(code: string, { status, title, remedy }: ErrorDefinition): void {
    if (this.entries.has(code)) throw new Error(`the error code ${code} is declared twice`);
    this.entries.set(code, { type: `/problems/${code}`, code, status, title, remedy });
  }
}
