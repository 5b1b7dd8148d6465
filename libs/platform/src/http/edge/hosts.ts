import type { Config } from '../../config/index.js';

/** Which host names are served: exact or `*.suffix`; an empty list serves all. */
export class Hosts {
  private readonly exact = new Set<string>();
  private readonly suffixes: string[] = [];

  constructor(config: Config) {
    for (const name of config.http.allowed_hosts) {
      const lower = name.toLowerCase();
      if (lower.startsWith('*.')) this.suffixes.push(lower.slice(1));
      else this.exact.add(lower);
    }
  }

  /** @param host as in the `Host` header, with or without port */
  serves(host: string): boolean {
    if (this.exact.size === 0 && this.suffixes.length === 0) return true;
    const name = host.replace(/:\d+$/, '').toLowerCase();
    return this.exact.has(name) || this.suffixes.some((suffix) => name.endsWith(suffix));
  }
}
