import { z } from 'zod';
import { narrowing } from './narrow.js';

const bounds = z.record(z.string(), z.union([narrowing, z.record(z.string(), narrowing)]));

/**
 * What a deployment's file (layer 2) or an organisation's override (layer 3) says about one use case.
 * Names are flat or, for a component's settings, nested; in `locked` nested ones are written with a dot.
 */
export const overlay = z.strictObject({
  settings: z.record(z.string(), z.unknown()).default({}),
  bounds: bounds.default({}),
  locked: z.array(z.string().max(200)).max(500).default([]),
  enabled: z.boolean().default(true),
});
export type Overlay = z.infer<typeof overlay>;

export const EMPTY_OVERLAY: Overlay = overlay.parse({});

/**
 * A stored overlay, however old: what this version of the program cannot read in it is left out,
 * never the whole of it, so that a switch to off or a lock is not lost with a bad bound beside it.
 */
export function readStoredOverlay(stored: {
  readonly settings: unknown;
  readonly bounds: unknown;
  readonly locked: readonly string[];
  readonly enabled: boolean;
}): Overlay {
  const { shape } = overlay;
  return {
    settings: shape.settings.catch({}).parse(stored.settings),
    bounds: shape.bounds.catch({}).parse(stored.bounds),
    locked: [...stored.locked],
    enabled: stored.enabled,
  };
}
