/** The gate in front of fetch-style handlers: what `doorward/fetch`, `/hono` and `/mcp2` share. */

import { type Answer, RATE, SESSION, outwardSession } from './_answer.js';
import { bearerOf } from './_auth_info.js';
import type { Admitted, Gate, NeedBody } from './index.js';
import { watch } from './_ending.js';
import { Settings, WELL_KNOWN } from './_guard.js';

/** What came of a request. */
export type Decided =
  | { readonly kind: 'open' }
  /** By a guard of the same gate before this one, which also sees to the answer. */
  | { readonly kind: 'again'; readonly admitted: Admitted; readonly body?: Uint8Array }
  | { readonly kind: 'answered'; readonly response: Response }
  | { readonly kind: 'admitted'; readonly admitted: Admitted; readonly request: Request; readonly body?: Uint8Array };

/** How the body is come by. */
export interface Source {
  /** Where it was read before. */
  readonly bytes?: () => Promise<Uint8Array>;
  /** Whether the request stays as it is, to be read by others. */
  readonly isKept?: boolean;
}

/** Requests that were let in, body and all, and by which gate. */
const entered = new WeakMap<
  Request,
  { readonly gate: Gate; readonly admitted: Admitted; readonly body?: Uint8Array }
>();

/** A guard of fetch-style requests. */
export class FetchGuard extends Settings {
  /** Lets a request in, or answers it. */
  async decide(request: Request, peer: string | undefined, source: Source = {}): Promise<Decided> {
    const began = performance.now();
    const { door } = this;
    const { method } = request;
    const { pathname } = new URL(request.url);
    const known = pathname.startsWith(WELL_KNOWN) ? door.gate.wellKnown(method, pathname) : undefined;
    if (known !== undefined) return { kind: 'answered', response: responseOf(known, method) };
    const kind = this.kindOf(pathname);
    if (kind === 'open') return { kind };
    const before = entered.get(request);
    if (before?.gate === door.gate) return { ...before, kind: 'again' };
    const isPlain = kind === 'plain';
    let step = await door.answered(door.gate.begin(isPlain ? 'GET' : method, headersOf(request), peer));
    door.refresh();
    let body: Uint8Array | undefined;
    if (step.kind === 'body') {
      const read = await this.#read(request, step, source);
      if (read instanceof Uint8Array) body = read;
      step = await door.answered(
        read instanceof Uint8Array ? step.read(read) : read === 'broken' ? step.broken() : step.tooLarge(),
      );
    }
    if (step.kind === 'body') throw new Error('the gate asked for a body twice');
    door.tell(step, Math.round((performance.now() - began) * 1000));
    if (step.kind === 'denied') return { kind: 'answered', response: responseOf(step, method) };
    const decided = this.#admitted(request, step, { body, isKept: isPlain || source.isKept === true });
    if (!isPlain) entered.set(decided.request, { ...decided, gate: door.gate });
    return decided;
  }

  async #read(request: Request, need: NeedBody, source: Source): Promise<Uint8Array | 'too_large' | 'broken'> {
    if (Number(request.headers.get('content-length')) > need.limit) return 'too_large';
    try {
      if (source.bytes !== undefined) {
        const bytes = await source.bytes();
        return bytes.length > need.limit ? 'too_large' : bytes;
      }
      const stream = (source.isKept === true ? request.clone() : request).body;
      return stream === null ? new Uint8Array() : await readAll(stream, need.limit, this.bodyTime);
    } catch {
      // Gone, or read before by somebody who keeps it to himself.
      return 'broken';
    }
  }

  #admitted(
    request: Request,
    admitted: Admitted,
    of: { body: Uint8Array | undefined; isKept: boolean },
  ): Decided & { kind: 'admitted' } {
    const { body, isKept } = of;
    const { bindsSessions } = this.door.gate;
    const rest = body === undefined ? {} : { body };
    const { method, signal, url } = request;
    const hasBody = method !== 'GET' && method !== 'HEAD' && request.body !== null;
    if (!bindsSessions && (isKept || !hasBody)) return { kind: 'admitted', admitted, request, ...rest };
    const headers = new Headers(request.headers);
    if (bindsSessions) {
      // The server's own id, or none that counts.
      if (admitted.session === undefined) headers.delete(SESSION);
      else headers.set(SESSION, admitted.session);
    }
    // What the gate has not read it has not decided on, so nobody gets it.
    const from = isKept ? request.body : body;
    const init: RequestInit = { method, headers, signal };
    if (hasBody && from !== undefined) Object.assign(init, { body: from, duplex: 'half' });
    return { kind: 'admitted', admitted, request: new Request(url, init), ...rest };
  }

  /** The answer to an admitted request, with rate headers and a bound session id; it ends with its credential. */
  accompany(request: Request, admitted: Admitted, response: Response): Response {
    const { door } = this;
    const headers = new Headers(response.headers);
    for (const name of RATE) headers.delete(name);
    for (const [name, value] of admitted.headers) headers.set(name, value);
    if (door.gate.bindsSessions) {
      const inner = headers.get(SESSION);
      const outward = inner === null ? undefined : outwardSession(door, admitted, inner);
      if (outward === undefined) headers.delete(SESSION);
      else headers.set(SESSION, outward);
    }
    const { body, status, statusText } = response;
    const token = bearerOf(request.headers.get('authorization'));
    const ending = body === null ? null : this.#ending(body, admitted, token, headers.has('content-length'));
    return new Response(ending, { status, statusText, headers });
  }

  #ending(
    body: ReadableStream<Uint8Array>,
    admitted: Admitted,
    token: string,
    isWhole: boolean,
  ): ReadableStream<Uint8Array> {
    const reader = body.getReader();
    let stop: (() => void) | undefined;
    let isCut = false;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          // From when somebody reads: an answer to HEAD is let go of unread, and nobody says so.
          stop ??= watch(this.door, admitted, token, this.sweep, () => {
            isCut = true;
            // An answer that had promised a length must not look whole.
            if (isWhole) controller.error(new Error('the credential of this answer is over'));
            else controller.close();
            reader.cancel().catch(() => {});
          });
          try {
            const { done, value } = await reader.read();
            if (isCut) return;
            if (!done) return controller.enqueue(value);
            stop();
            controller.close();
          } catch (error) {
            stop();
            controller.error(error);
          }
        },
        cancel: (reason) => {
          stop?.();
          return reader.cancel(reason);
        },
      },
      // Nothing is read before somebody wants it.
      { highWaterMark: 0 },
    );
  }
}

/** Reads a stream of at most `limit` bytes within `seconds`. */
async function readAll(
  stream: ReadableStream<Uint8Array>,
  limit: number,
  seconds: number,
): Promise<Uint8Array | 'too_large' | 'broken'> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => {});
  }, seconds * 1000);
  timer.unref();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isLate) return 'broken';
      if (done) return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
      length += value.length;
      if (length > limit) {
        reader.cancel().catch(() => {});
        return 'too_large';
      }
      chunks.push(value);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** All headers, and the host where a server leaves it to the address. */
function headersOf(request: Request): Headers | [string, string][] {
  const { headers, url } = request;
  return headers.has('host') ? headers : [...headers, ['host', new URL(url).host]];
}

/** A finished answer. */
export function responseOf(answer: Answer, method: string): Response {
  const headers = new Headers();
  for (const [name, value] of answer.headers) headers.append(name, value);
  headers.set('content-length', String(Buffer.byteLength(answer.body)));
  return new Response(method === 'HEAD' ? null : answer.body, { status: answer.status, headers });
}
