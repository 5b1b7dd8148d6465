import { setTimeout as sleep } from 'node:timers/promises';
import {
  contextPrincipal,
  correlationId,
  identify,
  newContext,
  runWithContext,
  traceparent,
} from './request-context.js';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

it('accepts well-formed ids and traces, and makes what is missing', () => {
  expect(newContext({ 'x-correlation-id': 'a.b_c-1', traceparent: TRACE })).toEqual({
    correlationId: 'a.b_c-1',
    traceparent: TRACE,
  });
  const hostile = ['', 'a b', 'a\n', 'ü', 'x'.repeat(65), ['a', 'b']];
  for (const id of hostile) expect(newContext({ 'x-correlation-id': id }).correlationId).toMatch(/^[0-9a-f-]{36}$/);
  const broken = ['00-0-0-0', `ff${TRACE.slice(2)}`, TRACE.replace(/0af.{29}/, '0'.repeat(32)), `${TRACE}x`];
  for (const trace of broken) expect(newContext({ traceparent: trace })).not.toHaveProperty('traceparent');
});

it('follows everything that is started inside, and nothing else', async () => {
  const seen = await Promise.all(
    ['one', 'two'].map((id) =>
      runWithContext({ correlationId: id }, async () => {
        await sleep(1);
        identify({ principalId: `usr_${id}`, orgId: 'org', loginId: null });
        await sleep(1);
        return [correlationId(), contextPrincipal()?.principalId, traceparent()];
      }),
    ),
  );
  expect(seen).toEqual([
    ['one', 'usr_one', undefined],
    ['two', 'usr_two', undefined],
  ]);
  expect(correlationId()).toBeUndefined();
  identify({ principalId: 'usr', orgId: 'org', loginId: null });
  expect(contextPrincipal()).toBeUndefined();
});
