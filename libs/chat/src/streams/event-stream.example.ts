import { EVENT_STREAM_TYPE } from '@parley/platform/http';

const EVENTS = [
  'id: 2',
  'event: run.started',
  'data: {"seq":2,"type":"run.started","session_id":"ses_01JD3W8Q5X7Y2Z4A6B8C0D1E2F","run_id":"run_01JD3W8Q5X7Y2Z4A6B8C0D1E2F","at":"2026-11-20T09:30:00.000Z","data":{}}',
  '',
  'event: delta',
  'data: {"run_id":"run_01JD3W8Q5X7Y2Z4A6B8C0D1E2F","message_id":"msg_01JD3W8Q5X7Y2Z4A6B8C0D1E2F","offset":0,"text":"An append-only log"}',
  '',
  '',
];

/** How a stream of server-sent events stands in the API document. */
export const EVENT_STREAM = {
  [EVENT_STREAM_TYPE]: {
    schema: {
      type: 'string',
      description:
        'Server-sent events. A logged event has its `seq` as `id`, its type as `event` and the event as JSON in `data`; ' +
        '`delta`, `snapshot` and `status` have no id. A stream that fails ends with an `error` event that holds a problem.',
    },
    example: EVENTS.join('\n'),
  },
} as const;
