import { Pool } from 'undici';

/** How both floors ask the model: one pooled request; read whole, or as a stream of chunks. */
const { MODEL_URL, FLOOR_STREAM } = process.env;
const { origin, pathname } = new URL(MODEL_URL);
const pool = new Pool(origin, { connections: 256 });
const stream = FLOOR_STREAM === '1';
const headers = { 'content-type': 'application/json' };

export async function ask(content) {
  const body = JSON.stringify({ model: 'zero', stream, messages: [{ role: 'user', content }] });
  const answer = await pool.request({ method: 'POST', path: `${pathname}/chat/completions`, headers, body });
  const text = await answer.body.text();
  return stream ? textOfStream(text) : JSON.parse(text).choices[0].message.content;
}

function textOfStream(text) {
  let answer = '';
  for (const line of text.split('\n')) {
    if (!line.startsWith('data: {')) continue;
    answer += JSON.parse(line.slice(6)).choices[0]?.delta.content ?? '';
  }
  return answer;
}
