/** A request's head on its way to the native module: one string, a line for each part. */

/**
 * A request's headers, all of them, in the order they came: a `Headers`; an object of names and values; pairs; or Node's
 * `rawHeaders`, names and values in turn. Prefer the last two: in a `Headers`, and in Node's `req.headers`, a header that was
 * sent twice looks as if it had been sent once. Values are ISO 8859-1, as Node and `fetch` read them.
 */
export type HeadersLike =
  | Iterable<readonly [string, string]>
  | readonly string[]
  | { readonly [name: string]: string | readonly string[] | undefined };

const WANTED = 'headers must be a Headers, an object, pairs, or names and values in turn, of strings';

/** What comes before the headers. */
export interface Before {
  readonly method: string;
  readonly peer: string | undefined;
  readonly query?: readonly [parameter: string, query: string] | undefined;
}

/** The lines of a head. */
export function lines({ method, peer, query }: Before, headers: HeadersLike): string[] {
  if (typeof method !== 'string') throw new TypeError('method must be a string');
  if (peer !== undefined && typeof peer !== 'string') throw new TypeError('peer must be an IP address, or undefined');
  const all = [method, peer ?? '', '', ''];
  if (query !== undefined) {
    if (!Array.isArray(query) || typeof query[0] !== 'string' || typeof query[1] !== 'string' || query[0] === '') {
      throw new TypeError("sessionInQuery must be a parameter's name, and the query that has it");
    }
    all[2] = query[0];
    all[3] = query[1];
  }
  if (typeof headers !== 'object' || headers === null) throw new TypeError(WANTED);
  if (Array.isArray(headers)) {
    if (typeof headers[0] === 'string') inTurn(headers as readonly unknown[], all);
    else for (const pair of headers as readonly unknown[]) addPair(pair, all);
  } else if (Symbol.iterator in headers) {
    for (const pair of headers as Iterable<unknown>) addPair(pair, all);
  } else {
    for (const name of Object.keys(headers)) addNamed(name, (headers as Record<string, unknown>)[name], all);
  }
  return all;
}

function inTurn(headers: readonly unknown[], all: string[]): void {
  if (headers.length % 2 !== 0) throw new TypeError(WANTED);
  for (let place = 0; place < headers.length; place++) {
    const one = headers[place];
    if (typeof one !== 'string') throw new TypeError(WANTED);
    all.push(one);
  }
}

function addPair(pair: unknown, all: string[]): void {
  if (!Array.isArray(pair) || pair.length !== 2) throw new TypeError(WANTED);
  const [name, value]: unknown[] = pair;
  if (typeof name !== 'string' || typeof value !== 'string') throw new TypeError(WANTED);
  all.push(name, value);
}

function addNamed(name: string, value: unknown, all: string[]): void {
  if (value === undefined) return;
  if (typeof value === 'string') {
    all.push(name, value);
    return;
  }
  if (!Array.isArray(value)) throw new TypeError(WANTED);
  for (const one of value as readonly unknown[]) {
    if (typeof one !== 'string') throw new TypeError(WANTED);
    all.push(name, one);
  }
}

/** The most characters of a line that is packed again. */
const LONGEST = 65_536;

/**
 * The same lines without what would end one early, and without those that are too long: nothing that came by HTTP has that in
 * it. What stands in its place is good for no header that decides anything.
 */
export function mended(all: readonly string[]): string {
  const line = (one: string) => (one.length > LONGEST ? '\ufffd' : one.replaceAll('\n', '\ufffd'));
  return all.map(line).join('\n');
}
