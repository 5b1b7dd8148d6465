import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { z } from 'zod';

/** As much of AsyncAPI 3.0.0 as the document uses, strictly: what is not listed here may not stand there. */
const reference = z.strictObject({ $ref: z.string().regex(/^#\//) });
const message = z.strictObject({
  name: z.string().min(1),
  summary: z.string().min(5),
  payload: z.record(z.string(), z.unknown()),
  'x-acknowledgement': z.record(z.string(), z.unknown()).optional(),
});
const documentShape = z.strictObject({
  asyncapi: z.literal('3.0.0'),
  info: z.strictObject({ title: z.string().min(1), version: z.string().min(1), description: z.string().min(1) }),
  defaultContentType: z.literal('application/json'),
  channels: z.record(
    z.string().regex(/^[A-Za-z0-9_-]+$/),
    z.strictObject({
      address: z.string().startsWith('/'),
      description: z.string().min(5),
      parameters: z.record(z.string(), z.strictObject({ description: z.string() })).optional(),
      messages: z.record(z.string(), message),
    }),
  ),
  operations: z.record(
    z.string().regex(/^[A-Za-z0-9_.-]+$/),
    z.strictObject({ action: z.enum(['send', 'receive']), channel: reference, messages: z.array(reference).min(1) }),
  ),
});

const raw: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/generated/asyncapi.json'), 'utf8'));
const document = documentShape.parse(raw);

/** What a `$ref` within the document leads to. */
function resolve(pointer: string): unknown {
  return pointer
    .slice(2)
    .split('/')
    .reduce<unknown>(
      (value, part) => Reflect.get(Object(value), part.replaceAll('~1', '/').replaceAll('~0', '~')),
      raw,
    );
}

it('has operations whose channels and messages are there', () => {
  for (const { channel, messages } of Object.values(document.operations)) {
    expect(resolve(channel.$ref)).toBeDefined();
    for (const { $ref } of messages) {
      expect($ref.startsWith(`${channel.$ref}/messages/`)).toBe(true);
      expect(resolve($ref)).toBeDefined();
    }
  }
});

it('uses every message of every channel, in one direction', () => {
  const used = Object.values(document.operations).flatMap(({ messages }) => messages.map(({ $ref }) => $ref));
  const declared = Object.entries(document.channels).flatMap(([channel, { messages }]) =>
    Object.keys(messages).map((name) => `#/channels/${channel}/messages/${name}`),
  );
  expect([...used].sort()).toEqual([...declared].sort());
});

it('names the parameters of addresses, and no others', () => {
  for (const { address, parameters = {} } of Object.values(document.channels)) {
    const named = [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(Object.keys(parameters)).toEqual(named);
  }
});

it('has payloads that are JSON Schema, and take what the specification shows', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false });
  const shapes = Object.entries(document.channels).flatMap(([channel, { messages }]) =>
    Object.entries(messages).map(([name, { payload }]) => [`${channel} ${name}`, ajv.compile(payload)] as const),
  );
  const judge = (name: string, value: unknown): boolean | undefined =>
    shapes.find(([known]) => known === name)?.[1](value);
  expect(shapes.length).toBeGreaterThan(20);
  const session_id = 'ses_01JCZK5V4W8Q2M7N9P3R6T1XYZ';
  expect(judge('socketio client.join', { session_id, after: 3 })).toBe(true);
  expect(judge('socketio client.join', { after: 3 })).toBe(false);
  expect(judge('socketio client.message', { session_id, content: 'Hello', client_message_id: 'c1' })).toBe(true);
  expect(judge('socketio client.message', { session_id, content: [{ type: 'text', text: 'Hello' }] })).toBe(true);
  expect(judge('websocket client.message', { type: 'message', content: 'Hello' })).toBe(true);
  expect(judge('websocket client.message', { type: 'cancel', content: 'Hello' })).toBe(false);
  expect(judge('websocket client.ping', { type: 'ping' })).toBe(true);
  const delta = { run_id: 'run_1', message_id: 'msg_1', offset: 0, text: 'H' };
  expect(judge('websocket server.delta', { type: 'delta', ...delta })).toBe(true);
  expect(judge('socketio server.delta', { session_id, ...delta, offset: -1 })).toBe(false);
});
