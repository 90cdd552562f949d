// One of the threads of `workers.test.mjs`.

import { parentPort, workerData } from 'node:worker_threads';
import { Verifier } from 'doorward';

const { tokens, wrong, options, now, shared, turns } = workerData;
const verifier = new Verifier(options);
let good = 0;
for (let turn = 0; turn < turns; turn += 1) {
  for (const [n, token] of tokens.entries()) {
    if (verifier.verify(token, { now }).sub !== String(n)) throw new Error('the claims of another');
    if (verifier.tryVerify(wrong[n], { now }).error?.code !== 'signature_invalid') throw new Error('accepted');
    // What another thread writes meanwhile is a token, or none; never half of two.
    const { claims } = verifier.tryVerify(shared, { now });
    if (claims !== undefined && claims.sub !== '0' && claims.sub !== '1') throw new Error('signed by nobody');
    good += 1;
  }
}
parentPort.postMessage(good);
