import { LOG_EVENT_TYPES } from '@parley/sessions';
import { z } from 'zod';

const text = z.string();
const metadata = z.record(z.string(), z.unknown());
const problem = z.looseObject({ type: text, title: text, status: z.int(), detail: text, code: text });
const event = z.object({
  seq: z.int().min(1).describe('Grows by exactly 1 per session.'),
  type: z.enum(LOG_EVENT_TYPES),
  session_id: text,
  run_id: text.nullable(),
  at: z.iso.datetime(),
  data: metadata,
});
const delta = z.object({
  run_id: text,
  message_id: text,
  offset: z.int().min(0).describe('UTF-16 code units of the message that were sent before it.'),
  text,
});
const snapshot = delta.omit({ offset: true });
const status = z.object({ status: z.enum(['thinking', 'typing', 'ready']), run_id: text.nullable(), metadata });
const part = z.union([
  z.object({ type: z.literal('text'), text: text.min(1).max(32_000) }),
  z.object({ type: z.literal('media'), media_id: text }),
]);
const message = z.object({
  content: z.union([text.min(1).max(32_000), z.array(part).min(1).max(50)]).describe('Text, or parts.'),
  attachments: z.array(z.object({ media_id: text })).optional(),
  client_message_id: text.max(128).optional(),
  context: metadata.optional(),
  metadata: metadata.optional(),
});
const input = z.object({
  run_id: text.optional(),
  action_id: text,
  decision: z.enum(['approve', 'reject']).optional(),
  answer: text.optional(),
  note: text.optional(),
});
const inSession = { session_id: text };
const stored = z.object({ message_id: text, run_id: text, seq: z.int() });

interface MessageKind {
  readonly summary: string;
  readonly payload: z.ZodType;
  /** The acknowledgement's members besides `ok`. */
  readonly reply?: z.ZodType;
}

const fromSocketIoClient: Readonly<Record<string, MessageKind>> = {
  join: {
    summary: 'Replay what came after `after`, then follow the session.',
    payload: z.object({ ...inSession, after: z.int().min(0).optional() }),
    reply: z.object({ last_seq: z.int() }),
  },
  leave: { summary: 'Stop following a session.', payload: z.object(inSession) },
  message: {
    summary: 'Say something; acknowledged once it is stored.',
    payload: message.extend(inSession),
    reply: stored,
  },
  cancel: { summary: 'Stop a run.', payload: z.object({ run_id: text }) },
  input: { summary: 'Decide or answer what a run waits for.', payload: input.extend({ run_id: text }) },
  typing: { summary: 'A person types, or stopped.', payload: z.object({ ...inSession, is_typing: z.boolean() }) },
};

const toSocketIoClient: Readonly<Record<string, MessageKind>> = {
  event: { summary: 'An event of the log.', payload: event },
  delta: { summary: 'Text on its way.', payload: delta.extend(inSession) },
  snapshot: { summary: 'The whole text so far; repairs a gap.', payload: snapshot.extend(inSession) },
  status: { summary: 'What the session is doing.', payload: status.extend(inSession) },
  error: { summary: 'A problem, with the session it concerns.', payload: problem },
};

const frame = <T extends z.ZodObject>(type: string, members: T) => members.extend({ type: z.literal(type) });

const fromPlainClient: Readonly<Record<string, MessageKind>> = {
  auth: {
    summary: 'The first frame, where the handshake carried no token.',
    payload: frame('auth', z.object({ token: text })),
  },
  message: { summary: 'Say something; answered by `ack` or `error`.', payload: frame('message', message) },
  cancel: {
    summary: 'Stop a run; the current one by default.',
    payload: frame('cancel', z.object({ run_id: text.optional() })),
  },
  input: { summary: 'Decide or answer what a run waits for.', payload: frame('input', input) },
  typing: { summary: 'A person types, or stopped.', payload: frame('typing', z.object({ is_typing: z.boolean() })) },
  ping: { summary: 'Answered by `pong`.', payload: frame('ping', z.object({})) },
};

const toPlainClient: Readonly<Record<string, MessageKind>> = {
  ack: {
    summary: 'The message is stored.',
    payload: frame('ack', stored.extend({ client_message_id: text.optional() })),
  },
  response: {
    summary: 'A run is complete: its conclusion.',
    payload: frame(
      'response',
      z.object({
        content: text,
        component_results: metadata,
        components_used: z.array(text),
        message_id: text,
        run_id: text,
        seq: z.int(),
        usage: metadata.nullable(),
        metadata,
      }),
    ),
  },
  event: { summary: 'An event of the log.', payload: frame('event', z.object({ event })) },
  delta: { summary: 'Text on its way.', payload: frame('delta', delta) },
  snapshot: { summary: 'The whole text so far; repairs a gap.', payload: frame('snapshot', snapshot) },
  status: { summary: 'What the session is doing.', payload: frame('status', status) },
  pong: { summary: 'Answers `ping`.', payload: frame('pong', z.object({})) },
  error: {
    summary: 'A problem; the line stays open unless the close code says otherwise.',
    payload: frame('error', z.object({ error: problem, client_message_id: text.optional() })),
  },
};

interface ChannelPlan {
  readonly id: string;
  readonly address: string;
  readonly description: string;
  readonly receives: Readonly<Record<string, MessageKind>>;
  readonly sends: Readonly<Record<string, MessageKind>>;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

const CHANNELS: readonly ChannelPlan[] = [
  {
    id: 'socketio',
    address: '/ws/chat',
    description:
      'Socket.IO namespace on engine path /socket.io; the access token in `auth.token`. Every client event is acknowledged with {ok: true, …} or {ok: false, error: problem}.',
    receives: fromSocketIoClient,
    sends: toSocketIoClient,
  },
  {
    id: 'websocket',
    address: '/ws/chat/{session_id}',
    description:
      'Plain WebSocket; `?after=SEQ` resumes. Token in the Authorization header, the subprotocol bearer.<token>, or the first frame. Closes with 4401 unauthenticated, 4404 no such session, 4408 too slow, 4503 node leaving.',
    receives: fromPlainClient,
    sends: toPlainClient,
    parameters: { session_id: { description: 'The session.' } },
  },
];

/** The AsyncAPI 3 document of the sockets. */
export function asyncApiDocument(version: string): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Parley sockets',
      version,
      description:
        'One log per session, every transport a view of it. See the OpenAPI document for REST and server-sent events.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(CHANNELS.map((plan) => [plan.id, channel(plan)])),
    operations: Object.fromEntries(CHANNELS.flatMap(operations)),
  };
}

function channel({ address, description, receives, sends, parameters }: ChannelPlan): object {
  const messages = [
    ...Object.entries(receives).map(([name, kind]) => [`client.${name}`, messageOf(name, kind)] as const),
    ...Object.entries(sends).map(([name, kind]) => [`server.${name}`, messageOf(name, kind)] as const),
  ];
  return {
    address,
    description,
    ...(parameters === undefined ? {} : { parameters }),
    messages: Object.fromEntries(messages),
  };
}

function messageOf(name: string, { summary, payload, reply }: MessageKind): object {
  return {
    name,
    summary,
    payload: jsonSchema(payload),
    ...(reply === undefined ? {} : { 'x-acknowledgement': jsonSchema(reply) }),
  };
}

function operations({ id, receives, sends }: ChannelPlan): [string, object][] {
  const of = (action: 'receive' | 'send', side: string, names: readonly string[]): [string, object] => [
    `${id}.${action}`,
    {
      action,
      channel: { $ref: `#/channels/${id}` },
      messages: names.map((name) => ({ $ref: `#/channels/${id}/messages/${side}.${name}` })),
    },
  ];
  return [of('receive', 'client', Object.keys(receives)), of('send', 'server', Object.keys(sends))];
}

function jsonSchema(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-7' });
  return rest;
}
