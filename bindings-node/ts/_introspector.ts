/**
 * Opaque tokens, asked about at an introspection endpoint (RFC 7662): POSTs by `fetch`, one at a time a token, shared by all
 * requests with it. Redirects are not followed, and no more of an answer is read than the gate wants.
 */

import { text } from './_arguments.js';
import { ConfigError } from './_errors.js';
import { bounded, within } from './_fetcher.js';
import type { FetchLike } from './_fetcher.js';
import { readOptions } from './_options.js';

/** As whom the endpoint is asked: by HTTP Basic (RFC 6749 §2.3.1), or with a bearer token. */
export type IntrospectionClient =
  { readonly clientId: string; readonly clientSecret: string } | { readonly bearer: string };

/** What is to be asked. */
export interface IntrospectionQuestion {
  /** Where to POST. */
  readonly url: string;
  /** The form to send. It holds the token. */
  readonly body: string;
  /** The SHA-256 of the token. */
  readonly digest: string;
  /** The most bytes of an answer that are read. */
  readonly limit: number;
  /** Seconds it may take. */
  readonly deadline: number;
  /** Ends when the answer would come too late. */
  readonly signal: AbortSignal;
}

/** What the endpoint answered. */
export interface IntrospectionAnswer {
  readonly status: number;
  readonly body: string | Uint8Array;
}

/** How many tokens are asked about at once: a flood of strange ones waits, and is 503 past its deadline. */
const AT_ONCE = 64;

/** Asks about tokens. @internal */
export class Introspector {
  readonly #fetch: FetchLike | undefined;
  readonly #authorization: string;
  readonly #underWay = new Map<string, Promise<IntrospectionAnswer>>();
  readonly #waiting: (() => void)[] = [];
  #places = AT_ONCE;

  constructor(fetch: FetchLike | undefined, client: IntrospectionClient) {
    this.#fetch = fetch;
    this.#authorization = authorization(client);
  }

  /** What the endpoint says, or an error. */
  async ask(question: IntrospectionQuestion): Promise<IntrospectionAnswer> {
    const { digest, signal } = question;
    const known = this.#underWay.get(digest);
    if (known === undefined) return within(signal, this.#joined(question));
    try {
      return await within(signal, known);
    } catch (error) {
      if (signal.aborted) throw error;
      // What was joined may have been near its own deadline: one try more, not as many as there are callers.
      return within(signal, this.#joined(question));
    }
  }

  /** Joins the POST about the same token that is under way, or starts one. */
  #joined(question: IntrospectionQuestion): Promise<IntrospectionAnswer> {
    const known = this.#underWay.get(question.digest);
    if (known !== undefined) return known;
    const started = this.#post(question).finally(() => this.#underWay.delete(question.digest));
    this.#underWay.set(question.digest, started);
    started.catch(() => {});
    return started;
  }

  async #post({ url, body, limit, deadline }: IntrospectionQuestion): Promise<IntrospectionAnswer> {
    // Its own time: a caller who hangs up takes nobody's answer along.
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), deadline * 1000).unref();
    try {
      await this.#place(controller.signal);
    } catch (error) {
      clearTimeout(timer);
      throw error;
    }
    try {
      const headers = {
        authorization: this.#authorization,
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
      };
      const init: RequestInit = {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        credentials: 'omit',
        signal: controller.signal,
      };
      const post = bounded(this.#fetch ?? globalThis.fetch, url, init, limit);
      const reply = await within(controller.signal, post);
      if (reply === undefined) throw new Error('the answer to introspection is too long');
      return reply;
    } finally {
      clearTimeout(timer);
      controller.abort();
      const next = this.#waiting.shift();
      if (next === undefined) this.#places += 1;
      else next();
    }
  }

  async #place(signal: AbortSignal): Promise<void> {
    if (this.#places > 0) {
      this.#places -= 1;
      return;
    }
    let mine: (() => void) | undefined;
    const freed = new Promise<void>((resolve) => this.#waiting.push((mine = resolve)));
    try {
      await within(signal, freed);
    } catch (error) {
      const at = this.#waiting.indexOf(mine as () => void);
      // Given one at the very moment: the next one's, then.
      if (at >= 0) this.#waiting.splice(at, 1);
      else this.#waiting.shift()?.();
      throw error;
    }
  }
}

function authorization(client: IntrospectionClient): string {
  const { clientId, clientSecret, bearer } = readOptions<{ clientId?: string; clientSecret?: string; bearer?: string }>(
    client,
    ['clientId', 'clientSecret', 'bearer'],
  );
  if (bearer !== undefined && clientId === undefined && clientSecret === undefined) {
    if (!/^[\x21-\x7e]+$/.test(text(bearer, 'bearer'))) {
      throw new ConfigError("the introspection client's token has a character no header may have", 'argument_invalid');
    }
    return `Bearer ${bearer}`;
  }
  if (bearer !== undefined || clientId === undefined || clientSecret === undefined) {
    throw new ConfigError('give clientId and clientSecret, or bearer, and not both', 'argument_invalid');
  }
  const pair = [clientId, clientSecret].map((one) => formEncoded(text(one, 'each of clientId and clientSecret')));
  return `Basic ${Buffer.from(pair.join(':')).toString('base64')}`;
}

/** As `application/x-www-form-urlencoded` has it, which is how a client's id and secret stand in Basic. */
function formEncoded(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1);
}
