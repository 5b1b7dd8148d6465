import { connect } from 'node:net';
import { createParser } from 'eventsource-parser';
import { hear, SeenAnswer } from './readers.mjs';

const FIRST_DELTA = Buffer.from('event: delta');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * One turn over server-sent events whose bytes are kept as they come and read when it is over: a driver that
 * parses a thousand streams while they run takes from the program the core that it is measured on.
 */
export async function recordTurn(parley, sessionId, content) {
  const { hostname, port } = new URL(parley.url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  const pieces = [];
  let firstDeltaAt;
  const ended = new Promise((resolve, reject) => {
    socket.once('error', reject).once('close', resolve);
    socket.on('data', (bytes) => {
      pieces.push(bytes);
      if (firstDeltaAt === undefined && bytes.includes(FIRST_DELTA)) firstDeltaAt = process.hrtime.bigint();
      if (bytes.length >= LAST_CHUNK.length && bytes.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)) socket.end();
    });
  });
  const body = JSON.stringify({ content });
  const headers = { host: `${hostname}:${port}`, ...parley.headers, accept: 'text/event-stream' };
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body) });
  socket.write(
    `POST /api/v1/chat/sessions/${sessionId}/messages HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  );
  await ended;
  return read(Buffer.concat(pieces), firstDeltaAt);
}

function read(answer, firstDeltaAt) {
  const headEnd = answer.indexOf(HEAD_END);
  const head = answer.subarray(0, headEnd).toString();
  if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(`a stream answered ${answer.toString().slice(0, 500)}`);
  const seen = new SeenAnswer(firstDeltaAt);
  const parser = createParser({ onEvent: ({ event, data }) => hear(seen, event, JSON.parse(data)) });
  parser.feed(withoutFraming(answer.subarray(headEnd + HEAD_END.length)));
  return seen;
}

/** The text of a body that came in chunks of HTTP. */
function withoutFraming(body) {
  const chunks = [];
  for (let at = 0; at < body.length; ) {
    const lineEnd = body.indexOf('\r\n', at);
    const length = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    if (!(length > 0)) break;
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
  return Buffer.concat(chunks).toString('utf8');
}
