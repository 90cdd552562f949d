/**
 * Key sets, fetched by `fetch` as the core's state machine says: when, from where, and what becomes of the reply.
 *
 * A fetch outlives the request that asked for it, so that a caller who hangs up takes nobody's keys along. Redirects are not
 * followed, no cookies or credentials are sent, and no more is read than a key set may have.
 */

import type { Fetch } from './_jwks.js';
import type { Warn } from './_log.js';
import type { Ask, Step } from './_steps.js';

/** What of `fetch` is used: Node's own, or another of the same form. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

/** Whoever knows what is to be fetched: a gate, or a key set. */
export interface Source {
  refresh(): Fetch | undefined;
}

/** How often those who wait look for themselves, in milliseconds: another thread's requests share one fetch. */
const LOOK = 50;

/** Fetches keys. @internal */
export class KeyFetcher {
  readonly #fetch: FetchLike | undefined;
  readonly #warn: Warn;
  readonly #running = new Set<Promise<void>>();
  readonly #given = new Set<AbortController>();
  #closing = false;

  constructor(fetch: FetchLike | undefined, warn: Warn) {
    this.#fetch = fetch;
    this.#warn = warn;
  }

  /** Starts whatever is due, in the background. */
  refresh(source: Source): void {
    for (let fetch = source.refresh(); fetch !== undefined; fetch = source.refresh()) this.#start(fetch);
  }

  /** Starts whatever is due, and waits for it. */
  async refreshed(source: Source): Promise<void> {
    this.refresh(source);
    await Promise.all(this.#running);
  }

  /** Sees to a question for keys, and gives the gate's next step. */
  async answer(ask: Ask): Promise<Step> {
    const fetch = ask.takeFetch();
    const end = performance.now() + ask.deadline * 1000;
    if (fetch !== undefined) this.#start(fetch);
    while (ask.isWaiting()) {
      const left = end - performance.now();
      if (left <= 0) return ask.unavailable();
      await this.#look(Math.min(left, LOOK));
    }
    return ask.ready();
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const controller of this.#given) controller.abort();
    await Promise.all(this.#running);
    this.#closing = false;
  }

  /** Waits until a fetch is over, and no longer than that. */
  async #look(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
    await Promise.race([over, ...this.#running]);
    clearTimeout(timer);
  }

  #start(fetch: Fetch): void {
    const running = this.#run(fetch).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #run(first: Fetch): Promise<void> {
    for (let fetch: Fetch | undefined = first; fetch !== undefined;) {
      const { url } = fetch;
      const fetched = await this.#once(fetch);
      if (fetched.error !== undefined) {
        const message = `no key set fetched from ${url}: ${fetched.message}; the last one is kept for as long as it may be`;
        this.#warn(fetched.error, message);
      }
      if (fetched.changed) {
        for (const { place, code } of fetched.leftOut) {
          this.#warn(code, `a key of ${url} was left out: number ${place}, ${code}`);
        }
      }
      fetch = fetched.next;
      if (this.#closing) {
        fetch?.drop();
        return;
      }
    }
  }

  async #once(fetch: Fetch): Promise<ReturnType<Fetch['unreachable']>> {
    const controller = new AbortController();
    this.#given.add(controller);
    const timer = setTimeout(() => controller.abort(), fetch.timeout * 1000).unref();
    try {
      const get = this.#fetch ?? globalThis.fetch;
      const reply = await within(controller.signal, bounded(get, fetch.url, request(controller.signal), fetch.limit));
      return reply === undefined ? fetch.tooLarge() : fetch.replied(reply.status, reply.body);
    } catch {
      return fetch.unreachable();
    } finally {
      clearTimeout(timer);
      this.#given.delete(controller);
      // Whatever is still open of it.
      controller.abort();
    }
  }
}

function request(signal: AbortSignal): RequestInit {
  return { headers: { accept: 'application/json' }, redirect: 'manual', credentials: 'omit', signal };
}

/** What was promised, unless the signal comes first: a `fetch` need not heed it. @internal */
export async function within<T>(signal: AbortSignal, promised: Promise<T>): Promise<T> {
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([promised, aborted]);
  } finally {
    if (abort !== undefined) signal.removeEventListener('abort', abort);
  }
}

/** Status and body; nothing where it is longer than `limit` bytes. @internal */
export async function bounded(
  fetch: FetchLike,
  url: string,
  init: RequestInit,
  limit: number,
): Promise<{ status: number; body: Uint8Array } | undefined> {
  const response = await fetch(url, init);
  const { status } = response;
  if (status !== 200) {
    // What it says is of no use, so it is not read.
    response.body?.cancel().catch(() => {});
    return { status, body: new Uint8Array() };
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return { status, body: Buffer.concat(chunks) };
}
