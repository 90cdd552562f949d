// What requests leave behind: nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate, Policy, Quota, Verifier, sign } from 'doorward';
import { SECRET } from './shared.mjs';

const CALL = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}');
const TURNS = 300;

test('requests that are read, that are not, and that are refused leave nothing behind', async () => {
  const gate = new Gate({
    verifiers: new Verifier({ secret: SECRET }),
    policy: Policy.allowAll(),
    principalQuota: new Quota(10_000_000, 1),
    addressQuota: new Quota(10_000_000, 1),
  });
  const token = sign({ sub: 'anna', scope: 'a b', exp: 4_102_444_800 }, SECRET);
  const headers = ['host', 'localhost', 'content-type', 'application/json', 'authorization', `Bearer ${token}`];
  const turn = async () => {
    for (let n = 0; n < 100; n++) {
      const admitted = gate.begin('POST', headers, '127.0.0.1').read(CALL);
      assert.equal(admitted.kind, 'admitted', admitted.code);
      void [admitted.principal.id, admitted.principal.claims, admitted.headers];
      assert.equal(gate.begin('POST', headers, '127.0.0.1').kind, 'body');
      assert.equal(gate.begin('POST', ['host', 'localhost'], '127.0.0.1').status, 401);
    }
    // What is collected is given back between turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (let n = 0; n < TURNS / 3; n++) await turn();
  const before = process.memoryUsage().rss;
  for (let n = 0; n < TURNS; n++) await turn();
  const grown = (process.memoryUsage().rss - before) / 1e6;
  assert.ok(grown < 40, `${grown.toFixed(0)} MB more after ${TURNS * 300} requests`);
});
