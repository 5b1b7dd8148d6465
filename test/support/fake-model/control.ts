import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { FakeRequest, FakeUsage } from './record.js';
import type { FakeScript } from './scripts.js';

/** What another process may do with a fake. */
export interface Scriptable {
  script(script: FakeScript): unknown;
  reset(): void;
  requests(): readonly FakeRequest[];
  usageOf(): FakeUsage;
}

const expression = z
  .union([z.string(), z.strictObject({ source: z.string(), flags: z.string() })])
  .transform((value) => (typeof value === 'string' ? new RegExp(value) : new RegExp(value.source, value.flags)));
const count = z.number().int().min(0);

/** A script as another process sends it: expressions are text, and replies are data. */
const scriptSchema: z.ZodType<FakeScript> = z.strictObject({
  when: z
    .strictObject({
      user: expression.exactOptional(),
      system: expression.exactOptional(),
      schema: z.string().exactOptional(),
      model: z.string().exactOptional(),
      call: count.exactOptional(),
    })
    .exactOptional(),
  times: count.exactOptional(),
  reply: z.strictObject({
    text: z.string().exactOptional(),
    chunks: z.array(z.string()).exactOptional(),
    json: z.unknown().exactOptional(),
    empty: z.boolean().exactOptional(),
    delayMs: z.number().exactOptional(),
    betweenMs: z.number().exactOptional(),
    status: count.exactOptional(),
    retryAfter: z.union([z.number(), z.string()]).exactOptional(),
    error: z
      .strictObject({ message: z.string(), code: z.string().exactOptional(), param: z.string().exactOptional() })
      .exactOptional(),
    cutAfter: count.exactOptional(),
    cut: z.enum(['socket', 'clean']).exactOptional(),
    silentAfter: count.exactOptional(),
    malformedChunk: count.exactOptional(),
    finishReason: z.string().exactOptional(),
    usage: z.strictObject({ input: count, output: count }).exactOptional(),
    noUsage: z.boolean().exactOptional(),
    rawChunks: z.array(z.string()).exactOptional(),
    rawEncoding: z.enum(['utf8', 'latin1']).exactOptional(),
    rawType: z.string().exactOptional(),
  }),
});

/**
 * For tests and benchmarks that run the fake as a process of its own: POST `/_fake/scripts` (a list),
 * POST `/_fake/reset`, GET `/_fake/requests`, GET `/_fake/usage`.
 */
export function serveControl(fake: Scriptable, request: IncomingMessage, response: ServerResponse, text: string): void {
  const route = `${request.method} ${request.url}`;
  try {
    const answer = control(fake, route, text);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { error: 'no such control' }));
  } catch (error) {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
  }
}

function control(fake: Scriptable, route: string, text: string): unknown {
  switch (route) {
    case 'POST /_fake/scripts':
      for (const script of z.array(scriptSchema).parse(JSON.parse(text))) fake.script(script);
      return {};
    case 'POST /_fake/reset':
      fake.reset();
      return {};
    case 'GET /_fake/requests':
      return fake.requests();
    case 'GET /_fake/usage':
      return fake.usageOf();
    default:
      return undefined;
  }
}
