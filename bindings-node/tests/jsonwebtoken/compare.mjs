// The same call to jsonwebtoken and to the drop-in, and what came of it in a form that can be compared.

import { types } from 'node:util';

const isError = (value) => value instanceof Error;

/** An error's class, name, message and what is its own besides; anything else as it is. */
function described(value) {
  // Those of no moment are not equal to each other.
  if (value instanceof Date) return `Date ${value.getTime()}`;
  if (!isError(value)) return value;
  const own = Object.fromEntries(Object.entries(value).map(([name, field]) => [name, described(field)]));
  const { message, name, constructor } = value;
  return { error: constructor.name, name, message, own, keys: Object.keys(value) };
}

/** What a call gives or throws. */
export function outright(call) {
  try {
    return { returned: described(call()) };
  } catch (error) {
    return { thrown: described(error) };
  }
}

/** What a call gives or throws, and what its callback is told, and when. */
export async function calledBack(call) {
  const told = [];
  let during = true;
  let ticks = 0;
  const outcome = outright(() =>
    call((...values) => {
      told.push({ when: during ? 'during the call' : `after ${ticks} ticks`, values: values.map(described) });
      return 'what the callback returns';
    }),
  );
  during = false;
  process.nextTick(() => {
    ticks += 1;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return { ...outcome, told };
}

/** The errors in an outcome, by their messages. */
export function messages({ thrown, told = [] }) {
  const errors = [thrown, ...told.flatMap(({ values }) => values)].filter((value) => value?.error);
  return errors.map(({ message }) => message);
}

/** Whether an outcome is that somebody got what they asked for. */
export function isGood({ returned, thrown, told }) {
  if (thrown) return false;
  if (told === undefined) return !returned?.error;
  return told.some(({ values: [error] }) => error === null);
}

/** Numbers from 0 to 1, the same in every run. */
export function randomly(seed) {
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { random, choose: (values) => values[Math.floor(random() * values.length)] };
}

/** A text for what is called with what. */
export const told = (value) =>
  typeof value === 'string'
    ? value.length > 90
      ? `${value.slice(0, 90)}…`
      : value
    : types.isKeyObject(value)
      ? `KeyObject ${value.type} ${value.asymmetricKeyType ?? ''}`
      : typeof value === 'object' && value !== null
        ? `${value.constructor?.name} ${Object.keys(value).slice(0, 9)}`
        : String(value);
