/**
 * The cheapest model there can be, speaking OpenAI's chat completions: what is measured is the program in
 * front of it. The name of the model says how it answers:
 *   `zero`               at once, with a fixed answer of eight words
 *   `paced-N-EVERY-FIRST` N tokens, the first after FIRST milliseconds, the others EVERY milliseconds apart
 * A paced answer begins with `@<n>@ `: nanoseconds of the machine's monotonic clock at which its first token
 * was written, so that a client on the same machine can tell how far behind it is.
 * Usage: node bench/support/model-server.mjs
 */
import { createServer } from 'node:http';

const WORDS = ['An', ' answer', ' of', ' eight', ' words', ' without', ' any', ' delay.'];
const USAGE = { prompt_tokens: 20, completion_tokens: WORDS.length, total_tokens: 20 + WORDS.length };
const TICK_MS = 5;

const head = (model) =>
  `{"id":"c","object":"chat.completion.chunk","created":1700000000,"model":"${model}","choices":[{"index":0,`;
const piece = (model, text) =>
  `data: ${head(model)}"delta":{"content":${JSON.stringify(text)}},"finish_reason":null}]}\n\n`;
const close = (model) =>
  `data: ${head(model)}"delta":{},"finish_reason":"stop"}]}\n\n` +
  `data: {"id":"c","object":"chat.completion.chunk","created":1700000000,"model":"${model}","choices":[],"usage":${JSON.stringify(USAGE)}}\n\n` +
  'data: [DONE]\n\n';
const ZERO = WORDS.map((word) => piece('zero', word)).join('') + close('zero');
const WHOLE = JSON.stringify({
  id: 'c',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'zero',
  choices: [{ index: 0, message: { role: 'assistant', content: WORDS.join('') }, finish_reason: 'stop' }],
  usage: USAGE,
});

/** One timer for all paced answers: a timer each would measure timers. */
const paced = new Set();
/** Bytes of the n-th token of a model, framed for the wire: a thousand streams write them a thousand times. */
const framed = new Map();
setInterval(() => {
  const now = performance.now();
  for (const answer of paced) advance(answer, now);
}, TICK_MS);

/** One chunk of an answer of unknown length, as HTTP frames it. */
const chunkOf = (text) => Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);

function token({ model, tokens, sent }) {
  if (sent === 0) return chunkOf(piece(model, `@${process.hrtime.bigint()}@ `));
  tokens[sent] ??= chunkOf(piece(model, `token${sent} `));
  return tokens[sent];
}

/** Past `response`, straight into its socket: what Node does for each chunk costs more than all else here. */
function advance(answer, now) {
  const { response } = answer;
  while (answer.sent < answer.count && now >= answer.startedAt + answer.firstMs + answer.sent * answer.everyMs) {
    response.socket.write(token(answer));
    answer.sent += 1;
  }
  if (answer.sent < answer.count) return;
  paced.delete(answer);
  response.end(close(answer.model));
}

function begin(model, response) {
  const [, count, everyMs, firstMs] = /^paced-(\d+)-(\d+)-(\d+)$/.exec(model).map(Number);
  if (!framed.has(model)) framed.set(model, []);
  const tokens = framed.get(model);
  const answer = { model, tokens, response, count, everyMs, firstMs, sent: 0, startedAt: performance.now() };
  paced.add(answer);
  response.on('close', () => paced.delete(answer));
  response.flushHeaders();
}

function answer(text, response) {
  const model = /"model":\s*"([^"]*)"/.exec(text)?.[1] ?? '';
  if (!/"stream":\s*true/.test(text)) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(WHOLE);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (model.startsWith('paced-')) begin(model, response);
  else response.end(ZERO);
}

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"object":"list","data":[]}');
    return;
  }
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => {
    text += chunk;
  });
  request.on('end', () => answer(text, response));
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => console.log(`model on http://127.0.0.1:${server.address().port}/v1`));
process.once('SIGTERM', () => process.exit(0));
