/**
 * What a request presents as its credential, for the surfaces that get no further than headers.
 *
 * A header that is there twice is never read: whichever of the two were taken, something in front may have checked the
 * other. A scheme's case is of no account (RFC 9110, section 11.1).
 */

/** Headers as hosts have them: a map, a `Headers` object, or pairs. */
export type HeaderMap =
  Headers | Readonly<Record<string, string | readonly string[] | undefined>> | Iterable<readonly [string, string]>;

/** What there is of a header: nothing, one line, or more than one. */
export type Presented = { readonly lines: 0 | 2 } | { readonly lines: 1; readonly value: string };

const NOTHING: Presented = Object.freeze({ lines: 0 });
const SEVERAL: Presented = Object.freeze({ lines: 2 });
/** The longest credential in an API key's header that anybody is asked about, in bytes. */
const LONGEST_KEY = 512;

/** The one line of that header, whatever the case of its name. */
export function presented(headers: HeaderMap, name: string): Presented {
  const wanted = name.toLowerCase();
  let found: Presented = NOTHING;
  for (const [key, value] of entries(headers)) {
    if (typeof key !== 'string' || key.toLowerCase() !== wanted) continue;
    for (const line of Array.isArray(value) ? value : [value]) {
      if (line === undefined) continue;
      if (typeof line !== 'string') throw new TypeError(`the value of the header ${wanted} must be a string`);
      if (found.lines !== 0) return SEVERAL;
      found = { lines: 1, value: line.trim() };
    }
  }
  return found;
}

function entries(headers: HeaderMap): Iterable<readonly [string, unknown]> {
  if (typeof headers !== 'object' || headers === null) throw new TypeError('headers must be an object');
  return Symbol.iterator in headers ? (headers as Iterable<readonly [string, string]>) : Object.entries(headers);
}

/** A request of `node:http`, as far as it is read here. */
export interface Requested {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawHeaders?: readonly string[];
}

/**
 * The one line of that header of a request. Node keeps the first of two `Authorization` lines and joins two of another
 * header: the raw ones tell.
 */
export function requested(request: Requested, name: string): Presented {
  const wanted = name.toLowerCase();
  const raw = request.rawHeaders ?? [];
  let lines = 0;
  for (let at = 0; at < raw.length; at += 2) if (raw[at]?.toLowerCase() === wanted) lines += 1;
  if (lines > 1) return SEVERAL;
  const value = request.headers[wanted];
  return presented({ [wanted]: value }, wanted);
}

/** What an `Authorization` header carries: `undefined` is another scheme or none, and empty is `Bearer` by itself. */
export function bearer(authorization: Presented): string | undefined {
  if (authorization.lines !== 1) return undefined;
  const { value } = authorization;
  if (value.slice(0, 6).toLowerCase() !== 'bearer') return undefined;
  const rest = value.slice(6);
  return rest === '' || rest.startsWith(' ') || rest.startsWith('\t') ? rest.trim() : undefined;
}

/** An API key's header, where it may be a key: one line of 1 to 512 visible characters of ASCII. */
export function keyOf(header: Presented): string | undefined {
  if (header.lines !== 1 || header.value.length > LONGEST_KEY) return undefined;
  return /^[\x21-\x7e]+$/.test(header.value) ? header.value : undefined;
}
