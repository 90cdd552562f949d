/** The gate with what it needs of the world: who fetches keys, counts shared limits, and knows further credentials. */

import type { ApiKey } from './_api_keys.js';
import { KeyFetcher } from './_fetcher.js';
import type { FetchLike } from './_fetcher.js';
import { gateHandle } from './_gate.js';
import type { Gate } from './_gate.js';
import { Introspector } from './_introspector.js';
import type { IntrospectionAnswer, IntrospectionClient, IntrospectionQuestion } from './_introspector.js';
import { safely, warner } from './_log.js';
import type { Log, Warn } from './_log.js';
import { readOptions, wrongType } from './_options.js';
import { runner, spend } from './_redis.js';
import type { RedisLike } from './_redis.js';
import type { Admitted, Ask, Denial, NeedBody, Step } from './_steps.js';

/** Asked by the SHA-256 of what was presented, in hexadecimal: its entry, or nothing. */
export type ApiKeyLookUp = (digest: string) => ApiKey | undefined | null | Promise<ApiKey | undefined | null>;

/** Asked about an opaque token: status and body of the issuer's answer. */
export type Introspect = (question: IntrospectionQuestion) => IntrospectionAnswer | Promise<IntrospectionAnswer>;

/** Who answers a gate's questions. What nobody answers is refused as unavailable (503). */
export interface DoorOptions {
  /** Fetches keys, and asks about opaque tokens, in place of Node's own `fetch`. */
  fetch?: FetchLike | undefined;
  /** Counts shared limits: a client of node-redis or ioredis. */
  redis?: RedisLike | undefined;
  /** Knows further API keys. */
  apiKeyLookUp?: ApiKeyLookUp | undefined;
  /** Knows opaque tokens: as whom the issuer is asked, or a function in its place. */
  introspect?: IntrospectionClient | Introspect | undefined;
  /** Told of every decision, and of what should be seen to; without it the latter are warnings of the process. */
  log?: Log | undefined;
}

/** What a step comes to once nothing is asked any more. */
export type Answered = Admitted | Denial | NeedBody;

/**
 * A gate, and who answers its questions. What the host's functions do wrong, or too late, is told to the log and refuses
 * nobody for good: the answer is 503.
 *
 * ```ts
 * const keys = new Map([['ab'.repeat(32), new ApiKey({ id: 'customer-7', digest: 'ab'.repeat(32) })]]);
 * const gate = new Gate({ apiKeyLookup: true, policy: Policy.allowAll() });
 * const door = new Door(gate, { apiKeyLookUp: (digest) => keys.get(digest) });
 * await door.start();
 * const headers = { host: 'localhost', 'x-api-key': 'a-key-nobody-guesses' };
 * const step = await door.answered(gate.begin('GET', headers, '127.0.0.1'));
 * assert.equal(step.kind, 'denied');
 * await door.stop();
 * ```
 */
export class Door {
  readonly gate: Gate;
  readonly #fetcher: KeyFetcher;
  readonly #redis: ReturnType<typeof runner> | undefined;
  readonly #lookUp: ApiKeyLookUp | undefined;
  readonly #introspect: Introspect | undefined;
  readonly #log: Log | undefined;
  readonly #warn: Warn;
  readonly #told = new Set<string>();

  constructor(gate: Gate, opts?: DoorOptions) {
    gateHandle(gate);
    const said = readOptions(opts, ['fetch', 'redis', 'apiKeyLookUp', 'introspect', 'log']);
    for (const name of ['fetch', 'apiKeyLookUp', 'log'] as const) {
      if (said[name] !== undefined && typeof said[name] !== 'function') throw wrongType(name, 'a function', said[name]);
    }
    const { introspect } = said;
    this.gate = gate;
    this.#log = said.log === undefined ? undefined : safely(said.log);
    this.#warn = warner(this.#log);
    this.#fetcher = new KeyFetcher(said.fetch, this.#warn);
    this.#redis = said.redis === undefined ? undefined : runner(said.redis);
    this.#lookUp = said.apiKeyLookUp;
    if (introspect === undefined || typeof introspect === 'function') {
      this.#introspect = introspect;
    } else {
      const introspector = new Introspector(said.fetch, introspect);
      this.#introspect = (question) => introspector.ask(question);
    }
    Object.freeze(this);
  }

  /** Fetches the keys there are, so that the first caller need not wait. What fails is logged, and tried again. */
  async start(): Promise<void> {
    await this.#fetcher.refreshed(this.gate);
  }

  /** Gives up what is under way. */
  async stop(): Promise<void> {
    await this.#fetcher.close();
  }

  /** Sees to what the gate should know soon, in the background: call it after every request, for it costs next to nothing. */
  refresh(): void {
    this.#fetcher.refresh(this.gate);
  }

  /** The first step that is no question: at once where nothing is asked, as usual. It never rejects. */
  answered(step: Step): Answered | Promise<Answered> {
    return step.kind === 'ask' ? this.#answered(step) : step;
  }

  async #answered(first: Step): Promise<Answered> {
    let step = first;
    while (step.kind === 'ask') step = await this.#answer(step);
    return step;
  }

  async #answer(ask: Ask): Promise<Step> {
    switch (ask.question) {
      case 'keys':
        return this.#fetcher.answer(ask);
      case 'shared_limit':
        return this.#redis === undefined ? ask.unavailable() : spend(this.#redis, ask);
      case 'api_key':
        return this.#asked(ask, this.#lookUp, lookedUp);
      case 'introspection':
        return this.#asked(ask, this.#introspect, introspected);
      default:
        return ask.unavailable();
    }
  }

  /** The host's answer within the deadline. */
  async #asked<F>(
    ask: Ask,
    host: F | undefined,
    go: (ask: Ask, host: F, signal: AbortSignal) => Promise<() => Step>,
  ): Promise<Step> {
    if (host === undefined) return ask.unavailable();
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ask.deadline * 1000);
    });
    try {
      const going = go(ask, host, controller.signal);
      going.catch(() => {});
      const next = await Promise.race([going, late]);
      if (next !== undefined) return next();
      this.#warn('unavailable', `the answer to a question of kind ${ask.question} took too long`);
    } catch (error) {
      const what = error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
      this.#warn('unavailable', `the answer to a question of kind ${ask.question} failed: ${what}`);
    } finally {
      clearTimeout(timer);
      controller.abort();
    }
    return ask.unavailable();
  }

  /** Logs a decision that took so many microseconds; and once each what the operator should know of the configuration. */
  tell(decided: Admitted | Denial, micros = 0): void {
    this.#log?.({ type: 'audit', line: decided.audit(micros) });
    for (const note of decided.notes) {
      if (this.#told.has(note)) continue;
      this.#told.add(note);
      this.#warn(note, note.replaceAll('_', ' '));
    }
  }
}

async function lookedUp(ask: Ask, lookUp: ApiKeyLookUp): Promise<() => Step> {
  const entry = await lookUp(ask.digest ?? '');
  return () => ask.found(entry ?? undefined);
}

async function introspected(ask: Ask, introspect: Introspect, signal: AbortSignal): Promise<() => Step> {
  const { url = '', body = '', digest = '', limit = 0, deadline } = ask;
  const answer = await introspect({ url, body, digest, limit, deadline, signal });
  const length = typeof answer.body === 'string' ? Buffer.byteLength(answer.body) : answer.body.byteLength;
  if (length > limit) throw new RangeError('it is too long');
  return () => ask.replied(answer.status, answer.body);
}
