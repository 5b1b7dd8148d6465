/** What `parley doctor` says about one thing. */
export interface Finding {
  readonly name: string;
  /**
   * `failed`: a start would be refused, or what users rely on does not work; `skipped`: there is nothing to examine.
   */
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  /** Never holds a secret. */
  readonly detail: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** A server did not answer. */
  readonly unreachable?: boolean;
}

export function ok(name: string, detail: string): Finding {
  return { name, status: 'ok', detail };
}

export function skipped(name: string, detail: string): Finding {
  return { name, status: 'skipped', detail };
}

export function warning(name: string, detail: string, remedy?: string): Finding {
  return { name, status: 'warning', detail, ...(remedy === undefined ? {} : { remedy }) };
}

export function failed(name: string, detail: string, remedy?: string): Finding {
  return { name, status: 'failed', detail, ...(remedy === undefined ? {} : { remedy }) };
}
