import { Pool } from 'undici';
import { percentile } from './figures.mjs';

/**
 * Closed loop: `concurrent` callers, each sending its next request when the last is answered.
 * @param {object} options
 * @param {string} options.url origin of the server
 * @param {number} options.concurrent
 * @param {number} options.seconds how long is measured, after `warmSeconds` that are not
 * @param {(caller: number) => { path: string, headers: object, body: string }} options.request
 * @param {number} options.expect status of a good answer; any other ends the benchmark
 * @param {() => Record<string, number>} options.gauges sums read at the beginning and the end of the measured
 *   time; their difference per answer is reported under the same names
 */
export async function closedLoop({ url, concurrent, seconds, warmSeconds, request, expect, gauges }) {
  const pool = new Pool(url, { connections: concurrent, pipelining: 1 });
  let samples = [];
  let running = true;
  const caller = async (number) => {
    while (running) {
      const { path, headers, body } = request(number);
      const from = performance.now();
      const answer = await pool.request({ method: 'POST', path, headers, body });
      const text = await answer.body.text();
      samples.push(performance.now() - from);
      if (answer.statusCode !== expect) throw new Error(`${path} answered ${answer.statusCode} ${text.slice(0, 500)}`);
    }
  };
  const callers = Promise.all(Array.from({ length: concurrent }, (_, number) => caller(number)));
  const passed = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  try {
    await Promise.race([callers, passed(warmSeconds * 1000)]);
    samples = [];
    const before = gauges();
    const from = performance.now();
    await Promise.race([callers, passed(seconds * 1000)]);
    const measured = samples;
    const elapsed = (performance.now() - from) / 1000;
    const after = gauges();
    const spent = Object.entries(after).map(([name, sum]) => [name, (sum - before[name]) / measured.length]);
    return {
      per_second: measured.length / elapsed,
      p50_ms: percentile(measured, 0.5),
      p99_ms: percentile(measured, 0.99),
      ...Object.fromEntries(spent),
    };
  } finally {
    running = false;
    await callers;
    await pool.close();
  }
}
