import { expect, test } from 'vitest';
import { ADMIN, USER, call, connect, post, start } from './client.js';

test('the list shows what its caller may use', async () => {
  const url = await start();
  for (const [key, names] of [
    [USER, ['whoami']],
    [ADMIN, ['whoami', 'generate-token']],
  ] as const) {
    const client = await connect(url, { 'x-api-key': key });
    expect((await client.listTools()).tools.map((tool) => tool.name)).toEqual(names);
  }
});

test('admin tools are for admins', async () => {
  const url = await start();
  expect((await post(url, { 'x-api-key': USER }, 'generate-token')).status).toBe(403);
  const admin = await connect(url, { 'x-api-key': ADMIN });
  expect((await call(admin, 'generate-token', { userId: 'anna', expiresIn: '1h' })).isError).toBe(false);
});

test('web pages: none by default, those of CORS_ORIGINS with credentials', async () => {
  const origin = 'https://app.example';
  const closed = await post(await start(), { 'x-api-key': USER, origin });
  expect(closed.status).toBe(403);
  expect(closed.headers.get('access-control-allow-origin')).toBeNull();
  const url = await start({ CORS_ORIGINS: `${origin},https://other.example` });
  const listed = await post(url, { 'x-api-key': USER, origin });
  expect(listed.status).toBe(200);
  expect(listed.headers.get('access-control-allow-origin')).toBe(origin);
  expect(listed.headers.get('access-control-allow-credentials')).toBe('true');
  const strange = await post(url, { 'x-api-key': USER, origin: 'https://evil.example' });
  expect(strange.status).toBe(403);
  expect(strange.headers.get('access-control-allow-origin')).toBeNull();
  const preflight = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } };
  const asked = await fetch(`${url}/mcp`, preflight);
  expect(asked.status).toBe(204);
  expect(asked.headers.get('access-control-allow-headers')).toContain('x-api-key');
});
