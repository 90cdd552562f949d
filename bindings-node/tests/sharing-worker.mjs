// A worker of `sharing.test.mjs`: hammers what it is given by name.

import { parentPort, workerData } from 'node:worker_threads';
import { ApiKeys, Gate, Limiter } from 'doorward';

const { limiter, gate, keys, turns, headers, token, start } = workerData;
const shared = { limiter: Limiter.shared(limiter), gate: Gate.shared(gate), keys: ApiKeys.shared(keys) };
parentPort.postMessage('ready');
// All of them at once.
Atomics.wait(start, 0, 0);
let [spent, admitted, found] = [0, 0, 0];
for (let turn = 0; turn < turns; turn++) {
  if (shared.limiter.check('anna').allowed) spent += 1;
  if (shared.gate.admit('GET', headers, '127.0.0.1').kind === 'admitted') admitted += 1;
  if (shared.keys.find(token)?.id === 'ci') found += 1;
}
const stats = shared.gate.cacheStats();
parentPort.postMessage({ spent, admitted, found, mono: performance.now(), stats });
