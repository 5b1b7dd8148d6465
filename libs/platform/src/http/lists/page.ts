/** One page of a list, as it goes out. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; null on the last one. */
  readonly next_cursor: string | null;
}
