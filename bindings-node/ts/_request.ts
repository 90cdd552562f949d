/** A Node request's head as the gate wants it. */

import type { IncomingMessage } from 'node:http';
import type { Received } from './_body.js';
import type { Admitted } from './index.js';

/** As Express and Fastify keep it where they have changed `url`. */
type Routed = IncomingMessage & { originalUrl?: string };

/** The target as it was asked for. */
function targetOf(req: Routed): string {
  return req.originalUrl ?? req.url ?? '/';
}

/** The path, as it stands in the target: nothing is decoded, and nothing resolved. */
export function pathOf(req: IncomingMessage): string {
  const target = targetOf(req);
  const at = target.search(/[?#]/);
  const path = at < 0 ? target : target.slice(0, at);
  if (path.startsWith('/')) return path;
  const rest = /^[a-z][a-z0-9+.-]*:\/\/[^/]*(.*)$/i.exec(path)?.[1];
  return rest === undefined || rest === '' ? '/' : rest;
}

/** Whether the target is a path, as all clients but those of forward proxies send it. */
export function isOriginForm(req: IncomingMessage): boolean {
  return targetOf(req).startsWith('/');
}

/** What stands behind `?`. */
export function queryOf(req: IncomingMessage): string {
  const target = targetOf(req);
  const at = target.indexOf('?');
  return at < 0 ? '' : (target.slice(at + 1).split('#', 1)[0] ?? '');
}

/**
 * All header lines. HTTP/2 carries the host in `:authority`, and HTTP/1 may carry it in the target: where `Host` says something
 * else, both are passed on, and two hosts are refused.
 */
export function headersOf(req: IncomingMessage): readonly string[] | IncomingMessage['headers'] {
  const { headers, rawHeaders } = req;
  // Servers that are none of Node's may give no lines.
  if (rawHeaders === undefined || rawHeaders.length === 0) return headers;
  const other = authorityOf(req);
  if (other === undefined || other.toLowerCase() === headers.host?.toLowerCase()) return rawHeaders;
  return [...rawHeaders, 'host', other];
}

function authorityOf(req: IncomingMessage): string | undefined {
  const authority = req.headers[':authority'];
  if (typeof authority === 'string') return authority;
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(req.url ?? '')?.[1];
}

/** Sets a header as if it had come so, or takes it away: for all who look at `headers` or `rawHeaders`. */
export function setHeader(req: IncomingMessage, name: string, value: string | undefined): void {
  const { headers, rawHeaders } = req;
  if (value === undefined && headers[name] === undefined) return;
  // Node makes it of as many lines as there were, so before one goes. HTTP/2 has none.
  const { headersDistinct } = req as Partial<Pick<IncomingMessage, 'headersDistinct'>>;
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (rawHeaders[at]?.toLowerCase() === name) rawHeaders.splice(at, 2);
  }
  delete headers[name];
  delete headersDistinct?.[name];
  if (value === undefined) return;
  headers[name] = value;
  if (headersDistinct !== undefined) headersDistinct[name] = [value];
  rawHeaders.push(name, value);
}

/**
 * Puts the server's own session id into the query in the place of the one that came, and says whether there was one. What a
 * parser of queries might make the same parameter of, such as `sessionId[]`, is taken out.
 */
export function putSession(req: Received, admitted: Admitted, parameter: string): boolean {
  const { url = '' } = req;
  const at = url.indexOf('?');
  if (at < 0) return false;
  const isLike = like(parameter);
  const kept = url
    .slice(at + 1)
    .split('&')
    .filter((pair) => {
      const name = pair.split('=', 1)[0] ?? '';
      return name === parameter || !isLike(name);
    })
    .join('&');
  const query = admitted.queryWithSession(parameter, kept);
  req.url = `${url.slice(0, at)}?${query ?? kept}`;
  // Express 4 has read the query already.
  const { query: read } = req as { query?: Record<string, unknown> };
  if (Object.hasOwn(req, 'query') && read !== undefined) {
    for (const name of Object.keys(read)) if (isLike(name)) delete read[name];
    if (query !== undefined) read[parameter] = admitted.session;
  }
  return query !== undefined;
}

/** Whether a parser of queries might make that parameter of a name. */
function like(parameter: string): (name: string) => boolean {
  const wanted = parameter.toLowerCase();
  return (name) => {
    const plain = decoded(name)
      .toLowerCase()
      .replace(/^[[\]\s]+/, '');
    return plain.startsWith(wanted) && !/^[\w-]/.test(plain.slice(wanted.length));
  };
}

/** Escape by escape: where one of them is bad, there are parsers that undo the others. */
function decoded(name: string): string {
  return name.replaceAll('+', ' ').replace(/%([0-9a-f]{2})/gi, (_, byte: string) => {
    return String.fromCharCode(Number.parseInt(byte, 16));
  });
}
