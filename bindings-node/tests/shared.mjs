// The vectors that Rust, Python and Node all run, from the same files.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export const SECRET = 'a secret of at least 32 bytes, kept well';

/** A moment for tests, in seconds since the epoch. */
export const NOW = 1_800_000_000;

/** A file of vectors, of the format these tests know. */
export function load(name) {
  const file = JSON.parse(readFileSync(new URL(`../../tests/vectors/${name}`, import.meta.url), 'utf8'));
  assert.equal(file.format, 1);
  return file;
}

/** A text as it stands, or made by repetition. */
export function text(made) {
  if (typeof made === 'string') return made;
  assert.deepEqual(Object.keys(made), ['repeat']);
  const [prefix, unit, count, suffix] = made.repeat;
  return prefix + unit.repeat(count) + suffix;
}

/** The token with another signature. */
export function forged(token) {
  const at = token.lastIndexOf('.') + 1;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

/** Fails with all that failed. */
export function report(failures, of) {
  assert.equal(failures.length, 0, `${failures.length} of ${of} vectors fail:\n${failures.join('\n')}`);
}

/** Fails where an object has members that are not known here: they would go unchecked. */
export function onlyKnown(object, names) {
  for (const name of Object.keys(object)) assert.ok(names.includes(name), `unknown member ${name}`);
}

export const hex = (digits) => Buffer.from(digits, 'hex');
