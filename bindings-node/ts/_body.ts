/** A request's body: read within bounds, and put back for whoever reads it next. */

import type { IncomingMessage } from 'node:http';

/** How long a body may take to arrive, all of it, in seconds. */
export const BODY_TIME = 30;

/** Marks a request whose body the gate has read, and nobody before it. */
export const READ = Symbol('doorward.read');

/** A request that others may have read before, as body parsers leave it. */
export interface Received extends IncomingMessage {
  body?: unknown;
  rawBody?: unknown;
  /** The mark of Express's body parsers: `body` is there. */
  _body?: boolean;
  [READ]?: boolean;
}

/** The length a request says its body has, in bytes. */
function declared(req: IncomingMessage): number {
  const length = Number(req.headers['content-length']);
  return Number.isFinite(length) ? length : 0;
}

/** Whether a request has a body at all (RFC 9112 §6.3). Where HTTP/2 names no length, it may have one. */
export function hasBody(req: IncomingMessage): boolean {
  if (declared(req) > 0 || req.headers['transfer-encoding'] !== undefined) return true;
  return (
    req.httpVersionMajor > 1 &&
    !ended(req) &&
    !(req as { stream?: { endAfterHeaders?: boolean } }).stream?.endAfterHeaders
  );
}

/** Whether all has arrived. Node has no public word for a stream whose end has not been told to anybody yet. */
function ended(req: IncomingMessage): boolean {
  return (req as unknown as { _readableState: { ended: boolean } })._readableState.ended;
}

/**
 * The bytes of a body that somebody has read before; nothing where nobody has. Where the bytes are gone and a parsed body
 * is left, that is what will be executed: it is written out again, and names given twice are not seen.
 */
export function bodyBefore(req: Received): Uint8Array | string | undefined {
  if (!req.readableDidRead && !req.readableEnded && req._body !== true) return undefined;
  const { body, rawBody } = req;
  if (typeof rawBody === 'string' || rawBody instanceof Uint8Array) return rawBody;
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  // Read, but by nobody who tells what it was: an empty body, which is nothing the gate could admit.
  return JSON.stringify(body) ?? '';
}

/** Reads a body of at most `limit` bytes within `seconds`. It stays to be read by others, if `keep` says so. */
export function readBody(
  req: IncomingMessage,
  limit: number,
  seconds: number,
  keep = true,
): Promise<Buffer | 'too_large' | 'broken'> {
  // One that says it is too long is not read at all.
  if (declared(req) > limit) return Promise.resolve('too_large');
  if (keep && !hasBody(req)) return Promise.resolve(Buffer.alloc(0));
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const done = (result: Buffer | 'too_large' | 'broken'): void => {
      clearTimeout(timer);
      req.off('readable', onReadable).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      resolve(result);
    };
    const onReadable = (): void => {
      while (req.readableLength > 0) {
        const read = req.read() as Buffer | string | null;
        if (read === null) break;
        const chunk = typeof read === 'string' ? Buffer.from(read, req.readableEncoding ?? 'utf8') : read;
        length += chunk.length;
        if (length > limit) return done('too_large');
        chunks.push(chunk);
      }
      if (ended(req)) onEnd();
    };
    const onEnd = (): void => {
      const [first] = chunks;
      const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
      // Before the end is told, and in the same turn: so there is a stream to read for whoever comes next.
      if (keep && length > 0) req.unshift(body);
      done(body);
    };
    const onBroken = (): void => done('broken');
    const timer = setTimeout(onBroken, seconds * 1000);
    timer.unref();
    req.on('readable', onReadable).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}
