/** A copy of an object with only the named members; names it does not have select nothing. */
export function selectFields(item: unknown, names: ReadonlySet<string>): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
}
