import { expect, test } from 'vitest';
import { createApp } from '../src/app.js';
import { formatAuthError, ToolError } from '../src/errors.js';
import { ADMIN, USER, call, connect, post, start } from './client.js';

test('a key in x-api-key, one of several', async () => {
  const url = await start({ API_KEYS: `${USER},another-user-key-of-some-length` });
  for (const key of [USER, 'another-user-key-of-some-length']) {
    const client = await connect(url, { 'x-api-key': key });
    const { value } = await call(client, 'whoami');
    expect(value).toMatchObject({ method: 'api_key', roles: ['user'] });
  }
  const client = await connect(url, { 'x-api-key': ADMIN });
  expect((await call(client, 'whoami')).value).toMatchObject({
    id: 'key:admin-key-1',
    subject: 'admin-key-1',
    roles: ['admin'],
  });
});

test('no key, a wrong one, two at once', async () => {
  const url = await start();
  for (const headers of [{}, { 'x-api-key': 'a-guess' }, { 'x-api-key': `${USER}x` }]) {
    const response = await post(url, headers as Record<string, string>);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(Object.keys((await response.json()) as object)).toEqual(['error', 'error_description']);
  }
  expect((await post(url, { 'x-api-key': USER, authorization: `Bearer ${ADMIN}` })).status).toBe(400);
  expect((await post(`${url}/?apiKey=${USER}`)).status).toBe(401);
});

test('/health asks for none; /mcp is for POST', async () => {
  const url = await start();
  const response = await fetch(`${url}/health`);
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  for (const method of ['GET', 'DELETE']) {
    expect((await fetch(`${url}/mcp`, { method })).status).toBe(401);
    const refused = await fetch(`${url}/mcp`, { method, headers: { 'x-api-key': USER } });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST']);
  }
});

test('settings that can not be used stop the server', () => {
  for (const env of [
    { API_KEYS: '' },
    { JWT_SECRET: 'too short' },
    { RATE_LIMIT_MAX: 'many' },
    { CORS_ORIGINS: '*' },
  ]) {
    expect(() => createApp(env)).toThrow(Object.keys(env)[0] as string);
  }
});

test('every decision is logged, and never a credential', async () => {
  const log: string[] = [];
  const url = await start({}, (event) => log.push(JSON.stringify(event)));
  await post(url, { 'x-api-key': USER });
  await post(url, { 'x-api-key': 'a-guess-of-mine' });
  expect(log).toHaveLength(2);
  expect(log[0]).toContain('key:api-key-1');
  expect(log[1]).toContain('api_key_unknown');
  expect(log.join()).not.toMatch(new RegExp(`${USER}|a-guess-of-mine`));
});

test('what went wrong inside is told to nobody outside', () => {
  expect(formatAuthError(new Error('connect ECONNREFUSED postgres://app:hunter2@db'))).toBe(
    'The request could not be handled.',
  );
  for (const odd of [undefined, null, 'text', { message: 'secret' }]) {
    expect(formatAuthError(odd)).toBe('The request could not be handled.');
  }
  expect(formatAuthError(new ToolError('a sentence of ours'))).toBe('a sentence of ours');
});
