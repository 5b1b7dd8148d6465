/** What RFC 7240 preferences a caller may have here. Unknown ones are ignored, as the RFC wants it. */
export interface Preferences {
  readonly respondAsync: boolean;
  /** Seconds the caller is ready to wait, as it said; bounding them is the route's matter. */
  readonly waitSeconds?: number;
}

const NONE: Preferences = { respondAsync: false };

export function parsePrefer(header: string | undefined): Preferences {
  if (header === undefined) return NONE;
  let respondAsync = false;
  let waitSeconds: number | undefined;
  for (const part of header.toLowerCase().split(',')) {
    const [name, value] = (part.split(';', 1)[0] ?? '').split('=', 2).map((text) => text.trim());
    if (name === 'respond-async') respondAsync = true;
    else if (name === 'wait' && value !== undefined && /^"?\d{1,9}"?$/.test(value)) {
      waitSeconds ??= Number(value.replaceAll('"', ''));
    }
  }
  return waitSeconds === undefined ? { respondAsync } : { respondAsync, waitSeconds };
}
