import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, type Metric, Registry } from 'prom-client';

export interface MetricOptions<L extends string> {
  /** `parley_…`, or `gen_ai_…` for what the semantic conventions name. */
  readonly name: string;
  readonly help: string;
  /** Few and bounded: never ids, addresses or texts of a request. */
  readonly labels?: readonly L[];
}

/** A rejection of `read` would take all other metrics with it. */
export interface ReadOptions<L extends string> extends MetricOptions<L> {
  /** Reads the value when somebody looks, for what is counted elsewhere. */
  readonly read?: () => number | Promise<number>;
}

export interface HistogramOptions<L extends string> extends MetricOptions<L> {
  /** Upper bounds, rising; seconds for durations. */
  readonly buckets: readonly number[];
}

const NAME = /^(?:parley|gen_ai)_[a-z0-9_]+$/;

/** Makes the instruments of one application; asking twice for a name gives the same instrument. */
@Injectable()
export class Metrics {
  constructor(private readonly registry: Registry) {}

  counter<L extends string = never>(options: ReadOptions<L>): Counter<L> {
    const { read } = options;
    return this.once(options.name, Counter<L>, () => {
      if (read === undefined) return new Counter<L>(this.configure(options));
      const counter: Counter<L> = new Counter<L>({
        ...this.configure(options),
        collect: async () => {
          const value = await read();
          counter.reset();
          counter.inc(value);
        },
      });
      return counter;
    });
  }

  gauge<L extends string = never>(options: ReadOptions<L>): Gauge<L> {
    const { read } = options;
    return this.once(options.name, Gauge<L>, () => {
      if (read === undefined) return new Gauge<L>(this.configure(options));
      const gauge: Gauge<L> = new Gauge<L>({
        ...this.configure(options),
        collect: async () => {
          gauge.set(await read());
        },
      });
      return gauge;
    });
  }

  histogram<L extends string = never>(options: HistogramOptions<L>): Histogram<L> {
    return this.once(
      options.name,
      Histogram<L>,
      () => new Histogram<L>({ ...this.configure(options), buckets: [...options.buckets] }),
    );
  }

  /** Everything, as Prometheus reads it. */
  async expose(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  private configure<L extends string>(options: MetricOptions<L>) {
    if (!NAME.test(options.name)) throw new Error(`metric ${options.name} has no known prefix`);
    const { name, help, labels = [] } = options;
    return { name, help, labelNames: [...labels], registers: [this.registry] };
  }

  private once<M extends Metric>(name: string, kind: new (...args: never[]) => M, make: () => M): M {
    const known = this.registry.getSingleMetric(name);
    if (known === undefined) return make();
    if (!(known instanceof kind)) throw new Error(`metric ${name} is already of another kind`);
    return known;
  }
}
