/** Variables by name, as a process finds them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A copy of the real environment. The only place that touches it: everything else takes a `Config`. */
export function readEnvironment(): Environment {
  return { ...process.env };
}
