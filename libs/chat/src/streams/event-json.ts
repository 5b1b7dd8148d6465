import type { LogEvent } from '@parley/sessions';

const rendered = new WeakMap<LogEvent, string>();

/** An event as JSON, written once however many connections of this node get it. */
export function eventJson(event: LogEvent): string {
  let text = rendered.get(event);
  if (text === undefined) {
    text = JSON.stringify(event);
    rendered.set(event, text);
  }
  return text;
}
