/** What a gate says next. */

import { text, whole } from './_arguments.js';
import type { ApiKey } from './_api_keys.js';
import { apiKeyHandle } from './_api_keys.js';
import { milliseconds, unix } from './_clock.js';
import type { Moment } from './_clock.js';
import { DoorwardError, throwing } from './_errors.js';
import { fetchOf } from './_jwks.js';
import type { Fetch } from './_jwks.js';
import { native } from './_native.js';
import { octets } from './_options.js';
import { Principal } from './_principal.js';
import type { Decided as DecidedParts, ExternalObject, StepHandle } from '../native/index.js';

/** The next word on a request: told apart by `kind`. */
export type Step = Admitted | Denial | NeedBody | Ask;

/** What was asked for. */
export interface Target {
  readonly kind: 'tool' | 'resource' | 'prompt' | 'method';
  /** Its name, cut and escaped for logs. */
  readonly name: string;
}

/** The gate's way to go on with a body. @internal */
export type Read = (step: ExternalObject<StepHandle>, body: string | Uint8Array, numbers: Float64Array) => number;

/** What goes to the native module and comes back with every step: see `gate_begin`. @internal */
export const numbers = new Float64Array(8);

type Handle = ExternalObject<StepHandle>;

/** The step that the native module told of. @internal */
export function stepOf(read: Read, handle: Handle, told: ArrayLike<number>): Step {
  const more = told[1] as number;
  switch (told[0]) {
    case 0:
      return new Admitted(handle, more);
    case 1:
      return new Denial(handle, more);
    case 2:
      return new NeedBody(read, handle, more);
    default:
      return new Ask(read, handle, more);
  }
}

function principalOf(handle: Handle): Principal | undefined {
  const principal = native.stepPrincipal(handle);
  return principal ? new Principal(principal) : undefined;
}

function pairs(lines: string): readonly (readonly [string, string])[] {
  if (lines === '') return [];
  const all = lines.split('\n');
  const found: [string, string][] = [];
  for (let place = 0; place + 1 < all.length; place += 2) found.push([all[place] as string, all[place + 1] as string]);
  return found;
}

/** What admissions and refusals have in common. */
class Told {
  readonly #step: Handle;
  #parts: DecidedParts | undefined;
  #headers: readonly (readonly [string, string])[] | undefined;
  #principal: Principal | undefined;

  constructor(step: Handle) {
    this.#step = step;
  }

  get parts(): DecidedParts {
    return (this.#parts ??= native.stepDecided(this.#step) as DecidedParts);
  }

  get headers(): readonly (readonly [string, string])[] {
    return (this.#headers ??= pairs(native.stepHeaders(this.#step)));
  }

  get principal(): Principal | undefined {
    return (this.#principal ??= principalOf(this.#step));
  }

  get target(): Target | undefined {
    const { kind, name } = this.parts;
    return typeof kind === 'string' ? { kind: kind as Target['kind'], name: name ?? '' } : undefined;
  }

  audit(micros: number, now: Moment | undefined): string {
    return native.stepAudit(this.#step, micros, unix(now), milliseconds(now)) as string;
  }

  query(parameter: string, query: string): string | undefined {
    return native.stepQueryWithSession(this.#step, parameter, query) ?? undefined;
  }
}

/** A request that may go on. */
export class Admitted {
  declare readonly kind: 'admitted';
  /**
   * When the credential ends, in seconds since the epoch; `undefined` if it does not. A streaming answer must end by then.
   */
  readonly validUntil: number | undefined;
  readonly #told: Told;

  /** @internal */
  constructor(step: Handle, until: number) {
    this.#told = new Told(step);
    this.validUntil = Number.isNaN(until) ? undefined : until;
  }

  /** Who it is from. */
  get principal(): Principal {
    return this.#told.principal as Principal;
  }

  /** The rate headers of the answer: names in lower case, and values. */
  get headers(): readonly (readonly [string, string])[] {
    return this.#told.headers;
  }

  /** The address it counts against. */
  get address(): string {
    return this.#told.parts.address ?? '';
  }

  /** What it asked for, the first of a batch; `undefined` where no body was read. */
  get target(): Target | undefined {
    return this.#told.target;
  }

  /** Its session by the service's own id, where the gate binds them and it has one. */
  get session(): string | undefined {
    return this.#told.parts.session ?? undefined;
  }

  /** What else the operator should be told, by codes. */
  get notes(): readonly string[] {
    return this.#told.parts.notes;
  }

  /**
   * The query with the session's id by the service's own in the place of the outward one, of a request begun with
   * `sessionInQuery`; `undefined` where it has no such parameter.
   */
  queryWithSession(parameter: string, query: string): string | undefined {
    return this.#told.query(text(parameter, 'parameter'), text(query, 'query'));
  }

  /** The audit event of this decision, a line of JSON; `micros` is how many microseconds it took. */
  audit(micros = 0, opts?: { now?: Moment }): string {
    return this.#told.audit(micros, opts?.now);
  }
}

/** A refusal, finished: an HTTP answer to send as it is. */
export class Denial {
  declare readonly kind: 'denied';
  /** The HTTP status. */
  readonly status: number;
  readonly #told: Told;

  /** @internal */
  constructor(step: Handle, status: number) {
    this.#told = new Told(step);
    this.status = status;
  }

  /** The answer's headers, challenge and rate headers included: names in lower case, and values. */
  get headers(): readonly (readonly [string, string])[] {
    return this.#told.headers;
  }

  /** The answer's body: JSON. */
  get body(): string {
    return this.#told.parts.body ?? '';
  }

  /** Why, exactly, by its code: for the log, never for the caller. */
  get code(): string {
    return this.#told.parts.code ?? '';
  }

  /** More of why, for the log. */
  get detail(): string | undefined {
    return this.#told.parts.detail ?? undefined;
  }

  /** Who it was, where that was known by then. */
  get principal(): Principal | undefined {
    return this.#told.principal;
  }

  /** The address it counts against. */
  get address(): string | undefined {
    return this.#told.parts.address ?? undefined;
  }

  /** What it asked for, where the body was read. */
  get target(): Target | undefined {
    return this.#told.target;
  }

  /** What else the operator should be told, by codes. */
  get notes(): readonly string[] {
    return this.#told.parts.notes;
  }

  /** The audit event of this decision, a line of JSON; `micros` is how many microseconds it took. */
  audit(micros = 0, opts?: { now?: Moment }): string {
    return this.#told.audit(micros, opts?.now);
  }
}

/** When something is decided. */
export interface Now {
  /** In place of the clocks. */
  now?: Moment;
}

/**
 * A request whose head is good: read its body, at most `limit` bytes, and say what came of that, once. Each answer is the next
 * step.
 */
export class NeedBody {
  declare readonly kind: 'body';
  /** The most bytes to read. */
  readonly limit: number;
  readonly #read: Read;
  readonly #step: Handle;
  #principal: Principal | undefined;

  /** @internal */
  constructor(read: Read, step: Handle, limit: number) {
    this.#read = read;
    this.#step = step;
    this.limit = limit;
  }

  /** Who the request is from: known, but not admitted yet. */
  get principal(): Principal {
    return (this.#principal ??= principalOf(this.#step) as Principal);
  }

  /** All of the body was read. */
  read(body: string | Uint8Array, opts?: Now): Admitted | Denial | Ask {
    numbers[0] = unix(opts?.now);
    numbers[1] = milliseconds(opts?.now);
    const answer = this.#read(this.#step, body, numbers);
    if (answer === 0) return stepOf(this.#read, this.#step, numbers) as Admitted | Denial | Ask;
    octets(body, 'body');
    throw new DoorwardError('this is good for once, and was used', 'used');
  }

  /** The body is longer than `limit`. */
  tooLarge(opts?: Now): Admitted | Denial | Ask {
    return this.#unread(true, opts);
  }

  /** The connection failed before the body's end, or it took too long. */
  broken(opts?: Now): Admitted | Denial | Ask {
    return this.#unread(false, opts);
  }

  #unread(tooLarge: boolean, opts: Now | undefined): Admitted | Denial | Ask {
    const [now, mono] = [unix(opts?.now), milliseconds(opts?.now)];
    const told = throwing(() => native.stepUnread(this.#step, tooLarge, now, mono));
    return stepOf(this.#read, this.#step, told) as Admitted | Denial | Ask;
  }
}

/** What a gate asks its host. */
export type Question = 'keys' | 'api_key' | 'introspection' | 'shared_limit' | 'other';

const QUESTIONS: readonly Question[] = ['keys', 'api_key', 'introspection', 'shared_limit', 'other'];

/** A command for Redis: name, script or its SHA-1, the one key, and what follows it. */
export interface RedisCommand {
  readonly command: 'EVALSHA' | 'EVAL';
  readonly script: string;
  readonly key: Buffer;
  readonly args: readonly string[];
}

/**
 * A question for the host: answer it within `deadline` seconds, once. Each answer is the next step. `unavailable()` is an
 * answer to each.
 *
 * | `question` | what to do |
 * |---|---|
 * | `keys` | do the GET of `takeFetch()`, if there is one; once `isWaiting()` is false, `ready()` |
 * | `api_key` | look `digest` up; `found(entry)`, an `ApiKey` or `undefined` |
 * | `introspection` | POST `body` to `url`; `replied(status, body)` |
 * | `shared_limit` | run `command` in Redis; `returned(reply)`, or `unreachable()` |
 */
export class Ask {
  declare readonly kind: 'ask';
  readonly question: Question;
  readonly #read: Read;
  readonly #step: Handle;

  /** @internal */
  constructor(read: Read, step: Handle, question: number) {
    this.#read = read;
    this.#step = step;
    this.question = QUESTIONS[question] ?? 'other';
  }

  /** Seconds the answer may take from now on; 0 once it was answered. */
  get deadline(): number {
    return native.askDeadline(this.#step, unix(), milliseconds()) ?? 0;
  }

  /**
   * Of `keys`: the `Fetch` to do, if no other request has it already. It should outlive this request, for others wait for it.
   */
  takeFetch(): Fetch | undefined {
    return fetchOf(native.askTakeFetch(this.#step));
  }

  /** Of `keys`: whether they are still being fetched. */
  isWaiting(opts?: Now): boolean {
    return native.askIsWaiting(this.#step, unix(opts?.now), milliseconds(opts?.now));
  }

  /** Of `api_key` and `introspection`: the SHA-256 of the credential, 64 hexadecimal digits. */
  get digest(): string | undefined {
    return native.askDigest(this.#step) ?? undefined;
  }

  /** Of `introspection`: where to POST, with the server's own client credentials and without following redirects. */
  get url(): string | undefined {
    return native.askIntrospection(this.#step)?.url;
  }

  /** Of `introspection`: the form to send (`application/x-www-form-urlencoded`). It holds the token. */
  get body(): string | undefined {
    return native.askIntrospection(this.#step)?.body;
  }

  /** Of `introspection`: the most bytes of an answer to read; of a longer one say `unavailable()`. */
  get limit(): number | undefined {
    return native.askIntrospection(this.#step)?.limit;
  }

  /** Of `shared_limit`: the command to run. */
  get command(): RedisCommand | undefined {
    return (native.askCommand(this.#step) as RedisCommand | null) ?? undefined;
  }

  /** Of `keys`: the fetch is over, well or not. */
  ready(opts?: Now): Step {
    return this.#over(0, opts);
  }

  /** Of `shared_limit`: there is no connection, or it broke. */
  unreachable(opts?: Now): Step {
    return this.#over(1, opts);
  }

  /** There was no answer in time. */
  unavailable(opts?: Now): Step {
    return this.#over(2, opts);
  }

  /** Of `api_key`: the key's entry; `undefined` where there is no such key. */
  found(entry: ApiKey | undefined, opts?: Now): Step {
    const handle = entry === undefined ? undefined : apiKeyHandle(entry);
    return this.#next((now, mono) => native.askFound(this.#step, handle, now, mono), opts);
  }

  /** Of `introspection`: what the endpoint answered. */
  replied(status: number, body: string | Uint8Array, opts?: Now): Step {
    whole(status, 'status', 999);
    octets(body, 'body');
    return this.#next((now, mono) => native.askReplied(this.#step, status, body, now, mono), opts);
  }

  /** Of `shared_limit`: what the server returned, an array of integers; or its error, an `Error` or the text of one. */
  returned(reply: unknown, opts?: Now): Step {
    const error = reply instanceof Error ? reply.message : typeof reply === 'string' ? reply : undefined;
    const integers = error === undefined ? integersOf(reply) : undefined;
    return this.#next((now, mono) => native.askReturned(this.#step, integers, error, now, mono), opts);
  }

  #over(answer: number, opts: Now | undefined): Step {
    return this.#next((now, mono) => native.askOver(this.#step, answer, now, mono), opts);
  }

  #next(go: (unix: number, milliseconds: number) => number[], opts: Now | undefined): Step {
    const [now, mono] = [unix(opts?.now), milliseconds(opts?.now)];
    return stepOf(
      this.#read,
      this.#step,
      throwing(() => go(now, mono)),
    );
  }
}

/** The integers of a reply, which some clients give as `bigint` or digits; nothing where it is something else. */
function integersOf(reply: unknown): number[] | undefined {
  if (!Array.isArray(reply)) return undefined;
  const integers = reply.map((one: unknown) => (typeof one === 'bigint' ? Number(one) : one));
  return integers.every((one) => Number.isSafeInteger(one)) ? (integers as number[]) : undefined;
}

for (const [of, kind] of [
  [Admitted, 'admitted'],
  [Denial, 'denied'],
  [NeedBody, 'body'],
  [Ask, 'ask'],
] as const) {
  Object.defineProperty(of.prototype, 'kind', { value: kind });
}
