/** Options on their way in: each is read once, and each of a wrong type is one clear `TypeError`. */

import { KeyObject } from 'node:crypto';

/** What a value is, in words for an error: never the value. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : typeof value;
}

/** @internal */
export function wrongType(name: string, wanted: string, value: unknown): TypeError {
  return new TypeError(`${name} must be ${wanted}, not ${kindOf(value)}`);
}

/**
 * A copy of the options, each read once. A name that is no option's is a `TypeError`: it is a misspelt one.
 *
 * @internal
 */
export function readOptions<T extends object>(options: T | undefined, names: readonly (keyof T & string)[]): T {
  const read: Record<string, unknown> = Object.create(null);
  if (options === undefined) return read as T;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw wrongType('options', 'an object', options);
  }
  for (const name of Object.keys(options)) {
    if (!(names as readonly string[]).includes(name))
      throw new TypeError(`there is no option of the name ${JSON.stringify(name)}`);
  }
  for (const name of names) {
    const value: unknown = options[name];
    if (value !== undefined) read[name] = value;
  }
  return read as T;
}

/** @internal */
export function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw wrongType(name, 'a string', value);
  return value;
}

/** @internal */
export function optionalText(value: unknown, name: string): string | undefined {
  return value === undefined ? undefined : text(value, name);
}

/** One string, or several. @internal */
export function texts(value: unknown, name: string): string[] {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) throw wrongType(name, 'a string or an array of strings', value);
  return Array.from(value, (one: unknown) => text(one, `each of ${name}`));
}

/** @internal */
export function optionalTexts(value: unknown, name: string): string[] | undefined {
  return value === undefined ? undefined : texts(value, name);
}

/** @internal */
export function number(value: unknown, name: string): number {
  if (typeof value !== 'number') throw wrongType(name, 'a number', value);
  return value;
}

/** @internal */
export function optionalNumber(value: unknown, name: string): number | undefined {
  return value === undefined ? undefined : number(value, name);
}

/** @internal */
export function flag(value: unknown, name: string, otherwise = false): boolean {
  if (value === undefined) return otherwise;
  if (typeof value !== 'boolean') throw wrongType(name, 'a boolean', value);
  return value;
}

/** @internal */
export function octets(value: unknown, name: string): string | Uint8Array {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  // Of another realm, a `vm` context's say.
  if (ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]')
    return value as Uint8Array;
  throw wrongType(name, 'a string or a Uint8Array', value);
}

/**
 * The bytes or text of a secret or a key: of a `KeyObject`, a secret's bytes, or a key's PEM, whose label tells which half
 * it is.
 *
 * @internal
 */
export function keyOctets(value: unknown, name: string): string | Uint8Array {
  if (value instanceof KeyObject) {
    if (value.type === 'secret') return value.export();
    return value.export({ format: 'pem', type: value.type === 'public' ? 'spki' : 'pkcs8' });
  }
  if (typeof value !== 'string' && !ArrayBuffer.isView(value)) {
    throw wrongType(name, 'a string, a Uint8Array or a KeyObject', value);
  }
  return octets(value, name);
}

/** JSON as its text, or as an object to be written as such. @internal */
export function json(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
    throw wrongType(name, 'an object or a string of JSON', value);
  }
  const written = JSON.stringify(value) as string | undefined;
  if (typeof written !== 'string') throw wrongType(name, 'an object or a string of JSON', undefined);
  return written;
}
