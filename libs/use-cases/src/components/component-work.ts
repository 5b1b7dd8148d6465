import type { AppError } from '@parley/platform/errors';
import type { ComponentResult, TurnSink } from '../turn/turn.types.js';
import type { Report } from './component.js';

const MOST_BYTES = 65_536;

/** What a hook threw, and what it is in the catalogue of errors. */
export interface Failure {
  readonly thrown: unknown;
  readonly error: AppError;
}

type DescribeError = (thrown: unknown) => AppError;

/** One component's part in one turn: how long it took, what it reported, how it ended. */
export class ComponentWork {
  status: ComponentResult['status'] = 'skipped';
  private milliseconds = 0;
  private error: ComponentResult['error'] = null;
  private metadata: Readonly<Record<string, unknown>> = { reason: 'had nothing to do' };
  private fields: Readonly<Record<string, unknown>> = {};

  constructor(readonly name: string) {}

  get seconds(): number {
    return this.milliseconds / 1000;
  }

  skip(reason: string): void {
    this.metadata = { reason };
  }

  /** Runs a hook between its two events. */
  async run(sink: TurnSink, hook: () => Promise<Report>, describe: DescribeError): Promise<Failure | null> {
    sink.componentStarted(this.name);
    const failure = await this.extend(hook, describe);
    sink.componentCompleted(this.name, this.result());
    return failure;
  }

  /** Runs a further hook, whose report is laid over what was reported before. */
  async extend(hook: () => Promise<Report>, describe: DescribeError): Promise<Failure | null> {
    const began = performance.now();
    const before = this.status === 'skipped' ? {} : this.metadata;
    try {
      const { status, metadata, fields } = await hook();
      this.status = status ?? (this.status === 'skipped' ? 'ok' : this.status);
      this.metadata = { ...before, ...metadata };
      this.fields = { ...this.fields, ...fields };
      return null;
    } catch (thrown) {
      const error = describe(thrown);
      this.metadata = before;
      this.status = 'failed';
      this.error = { code: error.code, detail: error.message };
      return { thrown, error };
    } finally {
      this.milliseconds += performance.now() - began;
    }
  }

  result(): ComponentResult {
    const { status, error, metadata, fields } = this;
    const success = status !== 'failed';
    return bounded({ ...fields, success, status, duration_ms: Math.round(this.milliseconds), error, metadata });
  }
}

/** Cuts the longest lists of a result until it fits, and says which. */
function bounded(result: ComponentResult): ComponentResult {
  let fitting = result;
  while (Buffer.byteLength(JSON.stringify(fitting)) > MOST_BYTES) {
    const longest = longestList(fitting);
    if (longest === null) return withoutFields(fitting);
    const [name, list] = longest;
    const truncated = { ...truncatedOf(fitting), [name]: lengthOf(result[name]) };
    const kept = list.slice(0, Math.floor(list.length / 2));
    fitting = { ...fitting, [name]: kept, metadata: { ...fitting.metadata, truncated } };
  }
  return fitting;
}

function longestList(result: ComponentResult): readonly [string, readonly unknown[]] | null {
  let longest: readonly [string, readonly unknown[]] | null = null;
  let most = 0;
  for (const [name, value] of Object.entries(result)) {
    const size = Array.isArray(value) && value.length > 0 ? JSON.stringify(value).length : 0;
    if (Array.isArray(value) && size > most) [longest, most] = [[name, value], size];
  }
  return longest;
}

/** Nothing but lists may be long; where something else is, only the common members are kept. */
function withoutFields({ success, status, duration_ms, error, metadata }: ComponentResult): ComponentResult {
  const truncated = { ...truncatedOf({ success, status, duration_ms, error, metadata }), fields: true };
  return { success, status, duration_ms, error, metadata: { truncated } };
}

function truncatedOf({ metadata }: ComponentResult): Record<string, unknown> {
  const { truncated } = metadata;
  return typeof truncated === 'object' && truncated !== null ? { ...truncated } : {};
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}
