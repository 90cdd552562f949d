// The rows of jsonwebtoken_differences.txt, and how each is told.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isGood, messages } from './compare.mjs';

/** What is no error of ours by its message. */
const SPECIAL = {
  'options-proto': (theirs, ours) => isGood(theirs) && messages(ours).includes('jwt expired'),
  'sign-names': (theirs) => messages(theirs).includes('validator.isValid is not a function'),
  'sign-frozen': (theirs, ours) => isGood(theirs) && messages(ours).some((message) => message.startsWith('Cannot ')),
  'sign-calls-twice': (theirs, ours) =>
    theirs.told.length === 2 && ours.told.length === 1 && messages(ours)[0] === messages(theirs)[0],
  'sign-never-calls': (theirs, ours) => !theirs.thrown && theirs.told.length === 0 && ours.told.length === 1,
};

/** A message of the list, `…` for anything. */
function says(message) {
  const [, text = ''] = /^`(.*)`$/.exec(message) ?? [];
  assert.ok(text.length > 10, message);
  const pattern = text.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${pattern.join('.*')}$`, 's');
  return (theirs, ours) => !isGood(ours) && messages(ours).some((one) => expression.test(one));
}

/** Every row by its name. */
export function differences() {
  const text = readFileSync(new URL('../jsonwebtoken_differences.txt', import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const rows = lines.map((line) => line.split(' | '));
  for (const row of rows) assert.equal(row.length, 4, row[0]);
  const found = new Map(
    rows.map(([name, here, what, why]) => [name, { name, here, what, why, is: SPECIAL[name] ?? says(here) }]),
  );
  assert.equal(found.size, rows.length, 'a name twice');
  return found;
}
