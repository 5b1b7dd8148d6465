import type { BusMessage } from './bus.js';
import { parseObject } from './notify-words.js';

/** What travels through Redis: the node that speaks, and the parts of a message that may travel. */
export interface RedisEnvelope {
  readonly node: string;
  readonly message: BusMessage;
}

/** Undefined where nothing of the message may leave this process. */
export function writeEnvelope(node: string, message: BusMessage): string | undefined {
  if (message.wake === undefined && message.body === undefined) return undefined;
  return JSON.stringify({ n: node, w: message.wake, b: message.body });
}

/** Undefined for a text that no bus of ours has written. */
export function readEnvelope(text: string): RedisEnvelope | undefined {
  const value = parseObject(text);
  if (value === undefined) return undefined;
  const { n, w, b } = value;
  if (typeof n !== 'string' || !(w === undefined || typeof w === 'number')) return undefined;
  return { node: n, message: { ...(w === undefined ? {} : { wake: w }), ...(b === undefined ? {} : { body: b }) } };
}
