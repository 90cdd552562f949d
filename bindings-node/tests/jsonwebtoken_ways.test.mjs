// What doorward/jsonwebtoken does besides giving jsonwebtoken's answers: how it is loaded, what it keeps, whose clock it reads.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey, createSecretKey } from 'node:crypto';
import { createRequire } from 'node:module';
import { mock, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import jwt, * as named from 'doorward/jsonwebtoken';
import theirs from 'jsonwebtoken';
import { PRIVATE, PUBLIC, SECRET } from './jsonwebtoken/keys.mjs';

const require = createRequire(import.meta.url);

/** What a program prints, in a process of its own. */
function printed(program, ...options) {
  const script = `const jwt = require('doorward/jsonwebtoken');\n${program}`;
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  return execFileSync(process.execPath, [...options, '-e', script], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test('however it is loaded, it is one object, whose functions can be put in place of', () => {
  const required = require('doorward/jsonwebtoken');
  assert.equal(required, jwt);
  assert.equal(required.default, jwt);
  for (const name of ['verify', 'decode', 'sign', 'JsonWebTokenError', 'TokenExpiredError', 'NotBeforeError']) {
    assert.equal(named[name], jwt[name]);
  }
  const spy = mock.method(jwt, 'verify', () => 'put in place');
  assert.equal(required.verify('a', 'b'), 'put in place');
  spy.mock.restore();
  assert.throws(() => required.verify('a', 'b'), { message: 'jwt malformed' });
});

test('the errors are its own classes where it is installed', () => {
  for (const name of ['JsonWebTokenError', 'TokenExpiredError', 'NotBeforeError'])
    assert.equal(jwt[name], theirs[name]);
});

test('and look the same where it is not', () => {
  const program = `
    const tell = (call) => {
      try {
        call();
      } catch (error) {
        const classes = ['JsonWebTokenError', 'TokenExpiredError', 'NotBeforeError'].filter((name) => error instanceof jwt[name]);
        console.log(JSON.stringify([error, classes, error.name, error.constructor.name, String(error), Object.keys(error)]));
      }
    };
    const sign = (claims) => jwt.sign(claims, ${JSON.stringify(SECRET)}, { noTimestamp: true });
    tell(() => jwt.verify('a', ${JSON.stringify(SECRET)}));
    tell(() => jwt.verify(sign({ exp: 1 }), ${JSON.stringify(SECRET)}));
    tell(() => jwt.verify(sign({ nbf: 4102444800 }), ${JSON.stringify(SECRET)}));
    tell(() => { throw new jwt.JsonWebTokenError('why', new Error('inner')); });
    tell(() => { throw new jwt.TokenExpiredError('why', new Date(0)); });
    tell(() => { throw new jwt.NotBeforeError('why', new Date(0)); });
  `;
  const hide = fileURLToPath(new URL('jsonwebtoken/hide.cjs', import.meta.url));
  const ours = printed(program, '--require', hide);
  assert.equal(ours.trim().split('\n').length, 6);
  assert.equal(ours, printed(program));
  const own = printed(
    `try { jwt.verify('a', 'b'); } catch (error) { console.log(error.stack.split('\\n')[0], error instanceof Error); }
     console.log(require('node:util').types.isNativeError(new jwt.TokenExpiredError('why', new Date(0))));
     console.log(new jwt.TokenExpiredError('why', new Date(0)).stack.split('\\n')[0]);`,
    ...['--require', hide],
  );
  assert.equal(own, 'JsonWebTokenError: jwt malformed true\ntrue\nTokenExpiredError: why\n');
});

test('whoever fakes the time is heeded', () => {
  for (const [signing, verifying, algorithm] of [
    [SECRET, SECRET, 'HS256'],
    [PRIVATE.rsa, PUBLIC.rsa, 'RS256'],
  ]) {
    mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
    try {
      const token = jwt.sign({ a: 1 }, signing, { algorithm, expiresIn: 60, notBefore: 10 });
      assert.deepEqual(jwt.decode(token), { a: 1, iat: 1000, nbf: 1010, exp: 1060 });
      assert.throws(() => jwt.verify(token, verifying), { name: 'NotBeforeError', date: new Date(1_010_000) });
      mock.timers.setTime(1_010_000);
      assert.equal(jwt.verify(token, verifying).a, 1);
      mock.timers.setTime(1_059_999);
      assert.equal(jwt.verify(token, verifying).a, 1);
      mock.timers.setTime(1_060_000);
      assert.throws(() => jwt.verify(token, verifying), { name: 'TokenExpiredError', expiredAt: new Date(1_060_000) });
    } finally {
      mock.timers.reset();
    }
    const { now } = Date;
    try {
      const token = jwt.sign({ exp: 2000 }, signing, { algorithm });
      Date.now = () => 1_999_000;
      assert.equal(jwt.verify(token, verifying).exp, 2000);
      Date.now = () => 2_000_000;
      assert.throws(() => jwt.verify(token, verifying), { message: 'jwt expired' });
    } finally {
      Date.now = now;
    }
  }
});

test('what a token says is new each time, and may be changed', () => {
  for (const [signing, verifying, algorithm] of [
    [SECRET, SECRET, 'HS256'],
    [PRIVATE.rsa, PUBLIC.rsa, 'RS256'],
  ]) {
    const token = jwt.sign({ roles: ['a'] }, signing, { algorithm, noTimestamp: true });
    for (let n = 0; n < 3; n += 1) {
      const claims = jwt.verify(token, verifying, { complete: true });
      assert.deepEqual(claims.payload, { roles: ['a'] });
      claims.payload.roles.push('admin');
      claims.payload.sub = 'somebody else';
      claims.header.alg = 'none';
    }
  }
});

test('a key is what is given, not what was given before', () => {
  const token = jwt.sign({ a: 1 }, SECRET);
  const bytes = Buffer.from(SECRET);
  assert.equal(jwt.verify(token, bytes).a, 1);
  bytes[0] ^= 1;
  assert.throws(() => jwt.verify(token, bytes), { message: 'invalid signature' });
  assert.throws(() => jwt.verify(token, `${SECRET} `), { message: 'invalid signature' });
  bytes[0] ^= 1;
  assert.equal(jwt.verify(token, bytes).a, 1);
  assert.equal(jwt.verify(token, createSecretKey(bytes)).a, 1);
  jwt.forgetKeys();
  assert.equal(jwt.verify(token, SECRET).a, 1);

  // By the options of each call, too, and never by those of the call before.
  const signed = jwt.sign({ a: 1 }, PRIVATE.rsa, { algorithm: 'RS256' });
  const pem = PUBLIC.rsa.export({ format: 'pem', type: 'spki' });
  for (let n = 0; n < 3; n += 1) {
    assert.equal(jwt.verify(signed, pem, { algorithms: ['RS256'] }).a, 1);
    assert.throws(() => jwt.verify(signed, pem, { algorithms: ['PS256'] }), { message: 'invalid algorithm' });
    assert.throws(() => jwt.verify(signed, pem, { algorithms: ['RS512', 'HS256'] }), { message: 'invalid algorithm' });
    assert.throws(() => jwt.verify(token, pem, { algorithms: ['RS256', 'HS256'] }), {
      message: 'secretOrPublicKey must be a symmetric key when using HS256',
    });
    assert.throws(() => jwt.verify(signed, PUBLIC.rsa, { algorithms: ['RS256'], issuer: 'i' }), {
      message: 'jwt issuer invalid. expected: i',
    });
  }
  const other = createPublicKey(PRIVATE['rsa-1024']);
  assert.throws(() => jwt.verify(signed, other), { message: 'invalid signature' });
});

test('secrets and tokens by the ten thousand leave nothing behind', () => {
  const program = `
    const resident = async () => {
      for (let n = 0; n < 3; n += 1) {
        gc();
        await new Promise(setImmediate);
      }
      return process.memoryUsage.rss();
    };
    const verified = async (from, to) => {
      for (let n = from; n < to; n += 1) {
        const secret = 'a secret of at least 32 bytes, number ' + n;
        if (jwt.verify(jwt.sign({ n }, secret), secret).n !== n) throw new Error(n);
        // What nobody has any more is let go of between one request and the next.
        if (n % 100 === 0) await new Promise(setImmediate);
      }
    };
    (async () => {
      await verified(0, 20_000);
      const before = await resident();
      await verified(20_000, 50_000);
      console.log((await resident()) - before);
    })();
  `;
  // Whose memory does not depend on how much its collector's threads got of the machine.
  const grown = Number(printed(program, '--expose-gc', '--single-threaded'));
  // Keys that stayed would be some 45 MB.
  assert.ok(grown < 8e6, `${grown} bytes`);
});

test('what the standard forbids and jsonwebtoken takes is said once', () => {
  const program = (secret) => `
    process.on('warning', ({ name, code, message }) => console.log(name, code, message.includes(${JSON.stringify(secret)})));
    for (let n = 0; n < 3; n += 1) jwt.verify(jwt.sign({ n }, ${JSON.stringify(secret)} + n), ${JSON.stringify(secret)} + n);
  `;
  assert.equal(printed(program('shhhhh'), '--no-warnings'), 'DoorwardWarning DOORWARD_SHORT_SECRET false\n');
  assert.equal(printed(program(SECRET), '--no-warnings'), '');
});

test('worker threads have keys of their own', async () => {
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    const jwt = require(workerData.module);
    let good = 0;
    for (let n = 0; n < 2000; n += 1) good += jwt.verify(workerData.token, workerData.secret).a;
    parentPort.postMessage(good);
  `;
  const workerData = {
    module: require.resolve('doorward/jsonwebtoken'),
    token: jwt.sign({ a: 1 }, SECRET),
    secret: SECRET,
  };
  const counts = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(script, { eval: true, workerData });
          worker.once('message', resolve).once('error', reject);
        }),
    ),
  );
  assert.deepEqual(counts, [2000, 2000, 2000]);
});

test('what somebody hung on Object.prototype is no option', () => {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const unsigned = `${part({ alg: 'none' })}.${part({ sub: 'anybody' })}.`;
  const expired = theirs.sign({ sub: 'anna', exp: 1 }, SECRET);
  for (const [name, value, token, key, message] of [
    ['algorithms', ['none'], unsigned, undefined, 'please specify "none" in "algorithms" to verify unsigned tokens'],
    ['ignoreExpiration', true, expired, SECRET, 'jwt expired'],
    ['clockTolerance', 1e12, expired, SECRET, 'jwt expired'],
  ]) {
    Object.defineProperty(Object.prototype, name, { value, configurable: true });
    try {
      assert.equal(theirs.verify(token, key).sub, token === unsigned ? 'anybody' : 'anna', 'jsonwebtoken heeds it');
      for (const options of [undefined, {}, { subject: 'anna' }]) {
        assert.throws(() => jwt.verify(token, key, options), { message });
      }
    } finally {
      delete Object.prototype[name];
    }
  }
});
