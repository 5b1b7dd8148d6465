/** The system's code of a failed file operation (`ENOENT`), which tells why without telling what. */
export function errorCode(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string')
    return thrown.code;
  return 'unknown cause';
}
