/** What callers give, held to its type before the native module sees it: what `_options.ts` has not. */

import { ConfigError } from './_errors.js';
import { number, octets, readOptions, wrongType } from './_options.js';

/** One, or several. */
export type OneOrMore<T> = T | readonly T[];

const LONE = /\p{Surrogate}/u;

/** Whether every language has bytes for it. @internal */
export function isText(value: string): boolean {
  return !LONE.test(value);
}

/** A string that every language has bytes for. @internal */
export function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw wrongType(name, 'a string', value);
  if (isText(value)) return value;
  throw new ConfigError(`${name} has a lone surrogate, which no encoding has bytes for`, 'text_invalid');
}

/** A secret: bytes, or a string that every language has the same bytes for. @internal */
export function secret(value: unknown, name: string): string | Uint8Array {
  return typeof value === 'string' ? text(value, name) : octets(value, name);
}

/** A string, where it is given. @internal */
export function optionalText(value: unknown, name: string): string | undefined {
  return value === undefined ? undefined : text(value, name);
}

/** One string, or several. @internal */
export function texts(value: unknown, name: string): string[] {
  if (typeof value === 'string') return [text(value, name)];
  return list(value, name, 'a string or an array of strings').map((one) => text(one, `each of ${name}`));
}

/** One string or several, where they are given. @internal */
export function optionalTexts(value: unknown, name: string): string[] | undefined {
  return value === undefined ? undefined : texts(value, name);
}

/** An array, or anything else that is iterated and is no string; in a new array. @internal */
export function list(value: unknown, name: string, wanted: string): unknown[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || !(Symbol.iterator in value)) {
    throw wrongType(name, wanted, value);
  }
  return [...(value as Iterable<unknown>)];
}

/** A whole number from 0 on, of 32 bits unless more are said. @internal */
export function whole(value: unknown, name: string, most = 0xffff_ffff): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw wrongType(name, `a whole number from 0 to ${most}`, value);
}

/** The same, where it is given. @internal */
export function optionalWhole(value: unknown, name: string, most?: number): number | undefined {
  return value === undefined ? undefined : whole(value, name, most);
}

/** A span in seconds: finite and not below zero. @internal */
export function span(value: unknown, name: string): number {
  const seconds = number(value, name);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new ConfigError(`${name} must be a finite number of seconds, 0 or more`, 'argument_invalid');
}

/** The entries of a plain object or a `Map`. @internal */
export function entries(value: unknown, name: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(name, 'an object', value);
  const pairs = value instanceof Map ? [...(value as Map<unknown, unknown>).entries()] : Object.entries(value);
  return pairs.map(([key, one]) => [text(key, `a name in ${name}`), one]);
}

/** The moment in the options of a method that has no others. @internal */
export function nowOf<T>(opts: { now?: T } | undefined): T | undefined {
  return opts === undefined ? undefined : readOptions<{ now?: T }>(opts, ['now']).now;
}

/** Leaves out what is `undefined`: the native module's optional members are absent or there. @internal */
export function given<T extends object>(members: { [K in keyof T]: T[K] | undefined }): T {
  for (const name of Object.keys(members) as (keyof T)[]) if (members[name] === undefined) delete members[name];
  return members as T;
}

// The native value that the next instance of a class is of, where it isn't to make one of arguments.
let adopted: object | undefined;

/** Makes an instance of a value that the native module gave. @internal */
export function adopt<T>(handle: object, make: () => T): T {
  adopted = handle;
  return make();
}

/** The native value of an instance in the making. @internal */
export function adoptedOr<T extends object>(make: () => T): T {
  const handle = adopted as T | undefined;
  adopted = undefined;
  return handle ?? make();
}
