/** A Node request's head as the gate wants it. */

import type { IncomingMessage } from 'node:http';

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
  const { rawHeaders } = req;
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (rawHeaders[at]?.toLowerCase() === name) rawHeaders.splice(at, 2);
  }
  if (value === undefined) {
    delete req.headers[name];
  } else {
    req.headers[name] = value;
    rawHeaders.push(name, value);
  }
}
