import type { Bus, BusSubscription } from '@parley/platform/bus';
import { z } from 'zod';

/** The channel on which nodes ask each other to stop a run; the flag in its row stands behind it. */
const CHANNEL = 'run-control';

const control = z.object({ cancel: z.string() });
export type RunControl = z.infer<typeof control>;

export function announceRunControl(bus: Bus, message: RunControl): void {
  bus.publish(CHANNEL, { body: message });
}

export function onRunControl(bus: Bus, listener: (message: RunControl) => void): BusSubscription {
  return bus.subscribe(CHANNEL, ({ body }) => {
    const parsed = control.safeParse(body);
    if (parsed.success) listener(parsed.data);
  });
}
