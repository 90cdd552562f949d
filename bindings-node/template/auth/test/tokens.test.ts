import { sign } from 'doorward';
import { expect, test } from 'vitest';
import { generateToken, minting, seconds } from '../src/tokens.js';
import { SECRET, USER, call, connect, post, start } from './client.js';

const now = () => Math.floor(Date.now() / 1000);
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('a token of ours: sub, role, exp', async () => {
  const token = generateToken('anna', 'admin', '24h', { JWT_SECRET: SECRET });
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, number>;
  expect(claims).toMatchObject({ sub: 'anna', role: 'admin' });
  expect(Math.abs((claims.exp ?? 0) - now() - 86_400)).toBeLessThan(5);
  const client = await connect(await start(), bearer(token));
  expect((await call(client, 'whoami')).value).toMatchObject({ subject: 'anna', method: 'jwt', roles: ['admin'] });
});

test('one that is expired, unsigned, signed by others, or says nothing of its end', async () => {
  const url = await start({ JWT_ISSUER: 'my-service' });
  const claims = { iss: 'my-service', sub: 'anna', role: 'user', exp: now() + 60 };
  expect((await post(url, bearer(sign(claims, SECRET)))).status).toBe(200);
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;
  for (const bad of [
    sign({ ...claims, exp: now() - 1 }, SECRET),
    sign({ ...claims, iss: 'another-service' }, SECRET),
    sign(claims, 'another secret of at least 32 characters'),
    sign(claims, SECRET).slice(0, -4),
    none,
  ]) {
    const response = await post(url, bearer(bad));
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain('anna');
  }
});

test('the secret before the last rotation still verifies', async () => {
  const before = 'the secret before, of at least 32 characters';
  const url = await start({ JWT_SECRET_PREVIOUS: before });
  const claims = { sub: 'anna', role: 'user', exp: now() + 60 };
  expect((await post(url, bearer(sign(claims, before)))).status).toBe(200);
});

test('generate-token mints what the gate takes', async () => {
  const url = await start({
    JWT_ISSUER: 'my-service',
    JWT_AUDIENCE: 'https://mcp.example/mcp',
    MAX_TOKEN_LIFETIME: '2d',
  });
  const settings = { JWT_SECRET: SECRET, JWT_ISSUER: 'my-service', JWT_AUDIENCE: 'https://mcp.example/mcp' };
  const admin = await connect(url, bearer(generateToken('root', 'admin', '1h', settings)));
  const { value } = await call(admin, 'generate-token', { userId: 'bob' });
  const minted = value as { token: string; role: string; expiresAt: number };
  expect(minted).toMatchObject({ userId: 'bob', role: 'user' });
  expect(Math.abs(minted.expiresAt - now() - 86_400)).toBeLessThan(5);
  const bob = await connect(url, bearer(minted.token));
  expect((await call(bob, 'whoami')).value).toMatchObject({ id: 'jwt:my-service:bob', roles: ['user'] });
  for (const [args, text] of [
    [{ userId: ' ' }, 'userId must be'],
    [{ userId: 'a\nb' }, 'userId must be'],
    [{ userId: 'x'.repeat(257) }, 'userId must be'],
    [{ userId: 'bob', expiresIn: 'soon' }, 'a span of time'],
    [{ userId: 'bob', expiresIn: '7d' }, 'MAX_TOKEN_LIFETIME'],
  ] as const) {
    const refused = await call(admin, 'generate-token', args);
    expect([refused.isError, refused.text]).toEqual([true, expect.stringContaining(text)]);
  }
  expect((await call(admin, 'generate-token', { userId: 'bob', role: 'root' })).isError).toBe(true);
});

test('without a secret nothing is minted', async () => {
  expect(minting({ API_KEYS: USER })).toBeUndefined();
  expect(() => generateToken('anna', 'user', '1h', {})).toThrow('no JWT_SECRET');
  expect([seconds('90s'), seconds('30m'), seconds('1h'), seconds('7d')]).toEqual([90, 1800, 3600, 604_800]);
  for (const bad of ['', '0h', '1', '-1h', '1.5h', '1e3s', '1y', ' 1h', '999999999d']) {
    expect(() => seconds(bad)).toThrow();
  }
});
