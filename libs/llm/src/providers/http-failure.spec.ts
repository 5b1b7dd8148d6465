import { failureOfStatus, readErrorBody, readRetryAfter } from './http-failure.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');

describe('Retry-After', () => {
  it.each([
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': '1.5' }, 1500],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:10 GMT' }, 10_000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 23:00:00 GMT' }, 0],
    [{ 'retry-after-ms': '250', 'retry-after': '3' }, 250],
    [{ 'retry-after': '-1' }, null],
    [{ 'retry-after': 'soon' }, null],
    [{ 'retry-after': '' }, null],
    [{}, null],
  ])('%j is %j', (headers: Record<string, string>, expected) => {
    expect(readRetryAfter(headers, NOW)).toBe(expected);
  });
});

describe('an error body', () => {
  it.each([
    [{ error: { message: 'no', code: 'model_not_found', param: 'model' } }, 'model_not_found', 'no model'],
    [{ error: { message: 'no', type: 'overloaded_error' } }, 'overloaded_error', 'no'],
    [{ error: 'model not loaded' }, null, 'model not loaded'],
    [{ message: 'plain', code: 'has spaces and <b>' }, null, 'plain'],
    ['nothing', null, ''],
    [undefined, null, ''],
  ])('%j', (body, code, text) => {
    expect(readErrorBody(body)).toEqual({ code, text });
  });

  it('never lets the provider’s words into the failure', () => {
    const failure = failureOfStatus(401, {}, '{"error":{"message":"bad key sk-123","code":"invalid_api_key"}}');
    expect(failure.message).toBe('answered with an error (401 invalid_api_key)');
    expect(JSON.stringify(failure)).not.toContain('sk-123');
  });
});
