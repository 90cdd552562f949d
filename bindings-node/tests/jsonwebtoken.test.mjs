// doorward/jsonwebtoken beside jsonwebtoken itself: the same calls, and the same outcome: result, class of the error, message,
// fields, what a callback is told and when. What differs is a row of jsonwebtoken_differences.txt, and each row is met.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mock, test } from 'node:test';
import { inspect } from 'node:util';
import ours from 'doorward/jsonwebtoken';
import theirs from 'jsonwebtoken';
import { isGood, messages, told } from './jsonwebtoken/compare.mjs';
import decodeCases from './jsonwebtoken/decode.mjs';
import { differences } from './jsonwebtoken/differences.mjs';
import signCases from './jsonwebtoken/sign.mjs';
import verifyCases, { NOW } from './jsonwebtoken/verify.mjs';

const rows = differences();
const met = new Set();

async function compare(cases) {
  mock.timers.enable({ apis: ['Date'], now: NOW * 1000 + 500 });
  let good = 0;
  const wrong = [];
  try {
    for (const { what, run, rows: allowed } of cases) {
      const [expected, found] = [await run(theirs), await run(ours)];
      good += isGood(found);
      try {
        assert.deepStrictEqual(found, expected);
      } catch {
        const row = allowed.map((name) => rows.get(name)).find((one) => one.is(expected, found));
        if (row) met.add(row.name);
        else
          wrong.push({
            what: what.map(told).join(' | '),
            expected: inspect(expected, { depth: 9 }),
            found: inspect(found, { depth: 9 }),
          });
      }
    }
  } finally {
    mock.timers.reset();
  }
  assert.deepStrictEqual(wrong.slice(0, 5), [], `${wrong.length} of ${cases.length} differ`);
  return good;
}

for (const [name, cases, least] of [
  ['verify', verifyCases, 3000],
  ['sign', signCases, 1000],
  ['decode', decodeCases, 500],
]) {
  test(`${name}: ${cases.length} calls`, async () => {
    const good = await compare(cases);
    assert.ok(cases.length >= least, `${cases.length} calls`);
    assert.ok(good > cases.length / 10, `${good} of ${cases.length} calls gave what was asked for`);
  });
}

test('every difference was met', () => {
  assert.deepEqual(
    [...rows.keys()].filter((name) => !met.has(name)),
    [],
  );
});

test('the README has every difference', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const cells = (line) => line.split(/ *\| */).slice(1, -1);
  const listed = readme
    .split('\n')
    .map(cells)
    .filter((row) => row.length === 3);
  for (const { name, here, what, why } of rows.values()) {
    const of = name.startsWith('sign-') ? `\`sign\`: ${what}` : what;
    assert.ok(
      listed.some((row) => row[0] === of && row[1] === here && row[2] === why),
      `${name} is not in the README as it is in the list`,
    );
  }
});
