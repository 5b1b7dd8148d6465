/**
 * The floor of a turn on `node:http`: verify a JWT, insert the message, ask the model, insert the answer,
 * send it. Nothing that makes a product of it: no validation, no history, no log, no limits.
 * Environment: DATABASE_URL, MODEL_URL, JWT_SECRET, and FLOOR_STREAM=1 to read the model's answer as a stream.
 */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import pg from 'pg';
import { ask } from './ask.mjs';

const { DATABASE_URL, JWT_SECRET } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 7 });
const INSERT = {
  name: 'insert_message',
  text: 'insert into messages (id, session_id, user_id, role, content, created_at) values ($1, $2, $3, $4, $5, now())',
};

/** The claims of an HS256 token, or undefined. */
function verify(token) {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const expected = createHmac('sha256', JWT_SECRET).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  if (JSON.parse(Buffer.from(header, 'base64url').toString()).alg !== 'HS256') return undefined;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return claims.exp > Date.now() / 1000 ? claims : undefined;
}

function insert(message) {
  return pool.query({
    ...INSERT,
    values: [message.id, message.session_id, message.user_id, message.role, message.content],
  });
}

function bodyOf(request) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
    request.on('error', reject);
  });
}

async function turn(claims, sessionId, content) {
  const common = { session_id: sessionId, user_id: claims.sub };
  const message = { id: randomUUID(), ...common, role: 'user', content };
  await insert(message);
  const response = { id: randomUUID(), ...common, role: 'assistant', content: await ask(content) };
  await insert(response);
  return { message, response };
}

function answer(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function handle(request, response) {
  const claims = verify((request.headers.authorization ?? '').replace(/^Bearer /, ''));
  if (claims === undefined) return answer(response, 401, { error: 'unauthenticated' });
  const sessionId = /^\/sessions\/([^/]+)\/messages$/.exec(request.url)?.[1];
  if (request.method !== 'POST' || sessionId === undefined) return answer(response, 404, { error: 'not found' });
  const { content } = await bodyOf(request);
  return answer(response, 201, await turn(claims, sessionId, content));
}

const server = createServer((request, response) => {
  handle(request, response).catch((error) => answer(response, 500, { error: error.message }));
});
server.listen(0, '127.0.0.1', () => console.log(`floor on http://127.0.0.1:${server.address().port}`));
process.once('SIGTERM', () => process.exit(0));
