// Calls of `decode`.

import { outright } from './compare.mjs';
import { SECRET } from './keys.mjs';
import { make, malformed, NO_STRINGS, PAYLOADS } from './tokens.mjs';

const cases = [];
const good = make('{"alg":"HS256","typ":"JWT"}', '{"a":1}', SECRET);
const tokens = [
  ...malformed(good),
  ...NO_STRINGS,
  Buffer.from(good),
  ...PAYLOADS.flatMap((payload) =>
    ['{"alg":"HS256","typ":"JWT"}', '{"alg":"HS256"}', '{"kid":"é"}'].map((header) =>
      make(header, payload, SECRET, 'HS256'),
    ),
  ),
];
const reviver = (name, value) => (typeof value === 'number' ? value + 1 : value);
for (const token of tokens) {
  for (const options of [undefined, { complete: true }, { json: true }, { complete: true, json: true }]) {
    cases.push({
      what: ['decode', '', '', token, options],
      rows: [],
      run: (jwt) => outright(() => jwt.decode(token, options)),
    });
  }
}
for (const options of [
  null,
  0,
  '',
  'text',
  { complete: 'yes' },
  { json: 1 },
  { encoding: 'latin1' },
  { encoding: reviver },
]) {
  cases.push({
    what: ['decode', '', '', good, options],
    rows: [],
    run: (jwt) => outright(() => jwt.decode(good, options)),
  });
}

export default cases;
