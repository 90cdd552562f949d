/** What jsonwebtoken asks of values before it uses them. */

import type { KeyObject } from 'node:crypto';

const tagOf = (value: unknown): string => Object.prototype.toString.call(value);

/** A string, or an object that wraps one. */
export const isString = (value: unknown): boolean => typeof value === 'string' || tagOf(value) === '[object String]';

/** A number, or an object that wraps one. */
export const isNumber = (value: unknown): boolean => typeof value === 'number' || tagOf(value) === '[object Number]';

/** A boolean, or an object that wraps one. */
export const isBoolean = (value: unknown): boolean => typeof value === 'boolean' || tagOf(value) === '[object Boolean]';

const sourceOf = (constructor: unknown): string => Function.prototype.toString.call(constructor);

/** An object literal's object or one without prototype, from this realm or another. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || tagOf(value) !== '[object Object]') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  const constructor: unknown = Object.hasOwn(prototype as object, 'constructor') && (prototype as object).constructor;
  return (
    typeof constructor === 'function' &&
    constructor instanceof constructor &&
    sourceOf(constructor) === sourceOf(Object)
  );
}

const FOR_RSA = ['RS256', 'PS256', 'RS384', 'PS384', 'RS512', 'PS512'];
const FOR_RSA_PSS = ['PS256', 'PS384', 'PS512'];
const CURVES: Record<string, string> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };

/** Throws where a key does not go with the algorithm; of secrets nothing is asked. */
export function mustFit(algorithm: string, key: KeyObject | null | undefined): void {
  const type = key?.asymmetricKeyType as string | undefined;
  if (!algorithm || !type) return;
  const kinds: Record<string, string[]> = { ec: Object.keys(CURVES), rsa: FOR_RSA, 'rsa-pss': FOR_RSA_PSS };
  const allowed = kinds[type];
  if (allowed === undefined) throw new Error(`Unknown key type "${type}".`);
  if (!allowed.includes(algorithm)) {
    throw new Error(`"alg" parameter for "${type}" key type must be one of: ${allowed.join(', ')}.`);
  }
  const { namedCurve, hashAlgorithm, mgf1HashAlgorithm, saltLength } = key?.asymmetricKeyDetails ?? {};
  if (type === 'ec' && namedCurve !== CURVES[algorithm]) {
    throw new Error(`"alg" parameter "${algorithm}" requires curve "${CURVES[algorithm]}".`);
  }
  if (type === 'rsa-pss') {
    const bits = Number(algorithm.slice(2));
    if (hashAlgorithm !== `sha${bits}` || mgf1HashAlgorithm !== hashAlgorithm) {
      throw new Error(
        `Invalid key for this operation, its RSA-PSS parameters do not meet the requirements of "alg" ${algorithm}.`,
      );
    }
    if (saltLength !== undefined && saltLength > bits / 8) {
      throw new Error(
        `Invalid key for this operation, its RSA-PSS parameter saltLength does not meet the requirements of "alg" ${algorithm}.`,
      );
    }
  }
}
