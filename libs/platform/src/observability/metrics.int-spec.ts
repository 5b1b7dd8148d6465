import { Controller } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ConfigModule, configSchema } from '../config/index.js';
import { freePort } from '../testing/index.js';
import { eventLoopLag, HttpMetrics, Metrics, MetricsAccess, MetricsModule } from './index.js';

@Controller()
class NoController {}

async function open(overrides: object = {}) {
  const config = configSchema.parse(overrides);
  const testing = await Test.createTestingModule({
    imports: [ConfigModule.forRoot(config), MetricsModule.forRoot(NoController)],
  }).compile();
  const app = testing.createNestApplication({ logger: false });
  await app.init();
  return app;
}

it('counts per application, with default metrics and event-loop lag', async () => {
  const [one, two] = await Promise.all([open(), open()]);
  one.get(HttpMetrics).count('GET', '/api/v1/things/:id', 404, 0.2);
  const { contentType, text } = await one.get(Metrics).expose();
  expect(contentType).toContain('text/plain');
  expect(text).toContain('parley_http_requests_total{method="GET",route="/api/v1/things/:id",status="4xx"} 1');
  expect(text).toContain(
    'parley_http_request_duration_seconds_bucket{le="0.25",method="GET",route="/api/v1/things/:id"} 1',
  );
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
  expect((await two.get(Metrics).expose()).text).not.toContain('/api/v1/things/:id');
  await Promise.all([one.close(), two.close()]);
});

it('gives one instrument per name, reads gauges when asked, and insists on prefixes', async () => {
  const app = await open();
  const metrics = app.get(Metrics);
  const options = { name: 'parley_tests_total', help: 'Tests.' };
  expect(metrics.counter(options)).toBe(metrics.counter(options));
  expect(() => metrics.gauge(options)).toThrow('another kind');
  expect(() => metrics.counter({ name: 'tests_total', help: '' })).toThrow('prefix');
  let open_ = 3;
  metrics.gauge({ name: 'parley_open', help: 'Open.', read: () => open_ });
  open_ = 5;
  expect((await metrics.expose()).text).toContain('parley_open 5');
  await app.close();
});

it('answers on a port of its own while the application lives', async () => {
  const port = await freePort();
  const app = await open({ metrics: { port } });
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('process_cpu_seconds_total')]);
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status).toBe(404);
  await app.close();
  await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
});

it('knows the token, and nothing that is like it', async () => {
  const app = await open({ metrics: { token: 'scrape-me-please' } });
  const access = app.get(MetricsAccess);
  expect(access.allows('Bearer scrape-me-please')).toBe(true);
  for (const header of [undefined, '', 'scrape-me-please', 'Bearer scrape-me-pleas', 'Basic scrape-me-please']) {
    expect(access.allows(header)).toBe(false);
  }
  const closed = await open();
  expect(closed.get(MetricsAccess).allows('Bearer null')).toBe(false);
  await Promise.all([app.close(), closed.close()]);
});

it('measures how late the event loop is', async () => {
  eventLoopLag();
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const until = performance.now() + 120;
    while (performance.now() < until);
  }
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(eventLoopLag()).toBeGreaterThan(10);
});
