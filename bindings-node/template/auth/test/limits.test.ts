import { expect, test } from 'vitest';
import { ADMIN, USER, post, start } from './client.js';

const RATE = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'];
const rate = (response: Response) => RATE.map((name) => Number(response.headers.get(name)));

test('requests are counted by caller, and 429 says when to come back', async () => {
  const url = await start({ RATE_LIMIT_MAX: '3', RATE_LIMIT_WINDOW_MS: '60000' });
  for (const left of [2, 1, 0]) {
    const response = await post(url, { 'x-api-key': USER });
    expect(response.status).toBe(200);
    expect(rate(response).slice(0, 2)).toEqual([3, left]);
  }
  const response = await post(url, { 'x-api-key': USER });
  expect(response.status).toBe(429);
  const wait = Number(response.headers.get('retry-after'));
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(20);
  // Somebody else's bucket is their own.
  expect((await post(url, { 'x-api-key': ADMIN })).status).toBe(200);
});

test('failures are counted by address, whatever was wrong; good credentials cost an address nothing', async () => {
  const url = await start({ PREAUTH_RATE_LIMIT_MAX: '3', PREAUTH_RATE_LIMIT_WINDOW_MS: '60000' });
  for (let at = 0; at < 5; at += 1) expect((await post(url, { 'x-api-key': USER })).status).toBe(200);
  const bad: Record<string, string>[] = [{}, { 'x-api-key': 'a-guess' }, { authorization: 'Bearer a.b.c' }];
  for (const headers of bad) expect((await post(url, headers)).status).toBe(401);
  const response = await post(url, { 'x-api-key': 'another-guess' });
  expect(response.status).toBe(429);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  // Nobody gets a bucket of their own by a header.
  expect((await post(url, { 'x-api-key': 'another-guess', 'x-forwarded-for': '203.0.113.9' })).status).toBe(429);
});

test('rate headers are on every answer', async () => {
  const url = await start();
  for (const response of [
    await post(url, { 'x-api-key': USER }),
    await post(url, {}),
    await post(url, { 'x-api-key': USER }, 'generate-token'),
    await fetch(`${url}/health`),
    await fetch(`${url}/nowhere`),
  ]) {
    for (const name of RATE) expect(response.headers.get(name), `${response.status} ${name}`).toMatch(/^\d+$/);
  }
});

test('bodies are bounded', async () => {
  const url = await start({ BODY_LIMIT: '1kb' });
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': USER },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping', params: { filler: 'x'.repeat(2000) } }),
  });
  expect(response.status).toBe(413);
});
