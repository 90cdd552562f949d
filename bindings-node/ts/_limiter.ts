/** Quotas, and limiters that spend them. */

import { adopt, adoptedOr, span, whole } from './_arguments.js';
import { throwing } from './_errors.js';
import { milliseconds } from './_clock.js';
import { native } from './_native.js';
import { flag, number, octets, readOptions, wrongType } from './_options.js';
import { sharedHandle, sharedId } from './_share.js';
import type { SharedHandle } from './_share.js';
import type { ExternalObject, LimiterHandle, Quota as QuotaHandle } from '../native/index.js';

/** What a quota has besides its amount and its window. */
export interface QuotaOptions {
  /** The most units of cost that can be spent at once: the quota's `max` unless given. */
  burst?: number | undefined;
  /** Keeps every window to `max`, at half the steady rate. */
  strict?: boolean | undefined;
}

/** Options of one check. */
export interface CheckOptions {
  /** The key's own quota, whose window may be 16 times the limiter's at most, and a sixteenth at least. */
  quota?: Quota | undefined;
  /** Seconds on a clock that never steps, in place of `performance.now()`: one clock a limiter. */
  now?: number | undefined;
}

/** @internal */
export let quotaHandle: (quota: Quota) => ExternalObject<QuotaHandle>;
/** @internal */
export let quotaOf: (handle: ExternalObject<QuotaHandle>) => Quota;

/**
 * What may be spent: `max` units of cost every `window` seconds, refilled evenly, `burst` of them at once (`max` unless
 * given). Any window then admits at most twice `max`; `strict` keeps every window to `max`, at half the steady rate.
 *
 * Throws `ConfigError`: a number that is 0.
 */
export class Quota {
  /** Units of cost a window. */
  readonly max: number;
  /** The window, in seconds. */
  readonly window: number;
  /** The most units that can be spent at once. */
  readonly capacity: number;
  /** Whether every window is kept to `max`. */
  readonly strict: boolean;
  readonly #native: ExternalObject<QuotaHandle>;

  static {
    quotaHandle = (quota) => {
      if (typeof quota === 'object' && quota !== null && #native in quota) return quota.#native;
      throw wrongType('a quota', 'a Quota', quota);
    };
    quotaOf = (handle) => adopt(handle, () => new Quota(0, 0));
  }

  constructor(max: number, window: number, opts?: QuotaOptions) {
    this.#native = adoptedOr(() => madeQuota(max, window, opts));
    const [most = 0, seconds = 0, capacity = 0, strict = 0] = native.quotaParts(this.#native);
    this.max = most;
    this.window = seconds;
    this.capacity = capacity;
    this.strict = strict === 1;
    Object.freeze(this);
  }

  /** Whether another is of the same amount, window and capacity, and strict or not as this one. */
  equals(other: Quota): boolean {
    const { max, window, capacity, strict } = this;
    return max === other.max && window === other.window && capacity === other.capacity && strict === other.strict;
  }
}

function madeQuota(max: number, window: number, opts?: QuotaOptions): ExternalObject<QuotaHandle> {
  const [amount, seconds, burst, strict] = quotaArguments(max, window, opts, ['burst', 'strict']);
  return throwing(() => native.quotaNew(amount, seconds, burst, strict));
}

function quotaArguments(
  max: number,
  window: number,
  opts: (QuotaOptions & { slots?: number }) | undefined,
  names: readonly ('burst' | 'strict' | 'slots')[],
): [number, number, number | undefined, boolean, number] {
  const { burst, strict, slots = 65_536 } = readOptions<QuotaOptions & { slots?: number }>(opts, names);
  const most = burst === undefined ? undefined : whole(burst, 'burst');
  const [amount, seconds] = [whole(max, 'max'), span(window, 'window')];
  return [amount, seconds, most, flag(strict, 'strict'), whole(slots, 'slots')];
}

/** Whether a caller may go on, and where its bucket stands. */
export class Decision {
  /** Whether the cost fits. */
  readonly allowed: boolean;
  /** The size of the bucket, in units of cost. */
  readonly limit: number;
  /** Units left. */
  readonly remaining: number;
  /** Seconds until the bucket is full again. */
  readonly resetAfter: number;
  /** Seconds until this cost can be admitted, never too short; 0 when allowed, `undefined` where waiting never helps. */
  readonly retryAfter: number | undefined;
  readonly #limiter: ExternalObject<LimiterHandle>;
  #receipt: number;

  /** @internal */
  constructor(limiter: ExternalObject<LimiterHandle>, told: ArrayLike<number>) {
    this.#limiter = limiter;
    this.allowed = told[0] === 1;
    this.limit = told[1] as number;
    this.remaining = told[2] as number;
    this.resetAfter = told[3] as number;
    const retry = told[4] as number;
    this.retryAfter = Number.isNaN(retry) ? undefined : retry;
    this.#receipt = told[5] as number;
  }

  /**
   * Takes the spending back, once. False, and nothing given, where that is no longer safe: the bucket has been full since, a
   * neighbour had to make room, or 4,096 other checks of the same `Limiter` were admitted meanwhile.
   */
  giveBack(): boolean {
    const receipt = this.#receipt;
    if (Number.isNaN(receipt)) return false;
    this.#receipt = Number.NaN;
    return native.limiterGiveBack(this.#limiter, receipt);
  }
}

/** What a limiter has done since it was made. */
export interface LimiterStats {
  readonly evictionsWithDebt: number;
  readonly busyDenials: number;
  readonly sweeps: number;
  readonly slots: number;
}

const numbers = new Float64Array(8);

/** @internal */
export let limiterHandle: (limiter: Limiter) => ExternalObject<LimiterHandle>;
/** @internal */
export let limiterOf: (handle: ExternalObject<LimiterHandle>) => Limiter;

/**
 * A bounded table of rate buckets, one a key: memory is fixed when it is made, about 9 bytes a slot, and no flood of new keys
 * resets a bucket. Give it twice the slots of the keys you expect at once.
 *
 * State is this process's; worker threads share it by `share()`. Keys an attacker can choose (addresses) must not share a
 * limiter with authenticated ones. Throws `ConfigError`: a quota that can't be counted to within 1 %, or too many slots.
 *
 * ```ts
 * const limiter = new Limiter(2, 1);
 * assert.deepEqual([1, 2, 3].map(() => limiter.check('alice').allowed), [true, true, false]);
 * ```
 */
export class Limiter {
  readonly #native: ExternalObject<LimiterHandle>;
  readonly #check: ReturnType<typeof native.limiterCheck>;
  readonly #peek: ReturnType<typeof native.limiterPeek>;

  static {
    limiterHandle = (limiter) => limiter.#native;
    limiterOf = (handle) => adopt(handle, () => new Limiter(0, 0));
  }

  /** `slots` is how many keys are counted at once, 65,536 unless given. */
  constructor(max: number, window: number, opts?: QuotaOptions & { slots?: number }) {
    this.#native = adoptedOr(() => madeLimiter(max, window, opts));
    this.#check = native.limiterCheck(this.#native);
    this.#peek = native.limiterPeek(this.#native);
  }

  /** The limiter of a handle, which another thread's gave: see `share`. Throws `ConfigError`: there is none any more. */
  static shared(handle: SharedHandle): Limiter {
    const id = sharedId(handle, 'limiter');
    return limiterOf(throwing(() => native.sharedLimiter(id)));
  }

  /**
   * A handle for other threads, to be posted to a worker: `Limiter.shared(handle)` there spends from the same buckets. The
   * handle itself keeps nothing: it is good for as long as any `Limiter` of it lives.
   */
  share(): SharedHandle {
    return sharedHandle('limiter', native.shareLimiter(this.#native));
  }

  /** Spends `cost` units, 1 unless given, from the bucket of `key`. A cost of 0 always fits. */
  check(key: string | Uint8Array, cost?: number, opts?: CheckOptions): Decision {
    return this.#ask(this.#check, true, key, cost === undefined ? 1 : cost, opts);
  }

  /** What `check` would say, spending nothing: `remaining` is what is left before the cost, 0 unless given. */
  peek(key: string | Uint8Array, cost?: number, opts?: CheckOptions): Decision {
    return this.#ask(this.#peek, false, key, cost === undefined ? 0 : cost, opts);
  }

  #ask(
    ask: ReturnType<typeof native.limiterCheck>,
    spend: boolean,
    key: string | Uint8Array,
    cost: number,
    opts: CheckOptions | undefined,
  ): Decision {
    whole(cost, 'cost');
    let now = milliseconds();
    if (opts !== undefined) {
      const { quota, now: given } = readOptions(opts, ['quota', 'now']);
      if (given !== undefined) now = number(given, 'now') * 1000;
      if (quota !== undefined) {
        const own = quotaHandle(quota);
        octets(key, 'key');
        return new Decision(
          this.#native,
          throwing(() => native.limiterWith(this.#native, own, key, cost, spend, now)),
        );
      }
    }
    numbers[0] = now;
    const answer = ask(key, cost, numbers);
    if (answer !== 0) throw new TypeError(answer === -2 ? 'key is too long' : 'key must be a string or a Uint8Array');
    return new Decision(this.#native, numbers);
  }

  /** Forgets what the key has spent: an operator's act. False where it has no bucket. */
  reset(key: string | Uint8Array): boolean {
    return native.limiterReset(this.#native, octets(key, 'key'));
  }

  /** Counters: see `doorward::rate::Stats`. */
  stats(): LimiterStats {
    const [evictionsWithDebt = 0, busyDenials = 0, sweeps = 0, slots = 0] = native.limiterStats(this.#native);
    return { evictionsWithDebt, busyDenials, sweeps, slots };
  }

  /** What a key without a quota of its own may spend. */
  get quota(): Quota {
    return quotaOf(native.limiterQuota(this.#native));
  }
}

function madeLimiter(
  max: number,
  window: number,
  opts: (QuotaOptions & { slots?: number }) | undefined,
): ExternalObject<LimiterHandle> {
  const names = ['burst', 'strict', 'slots'] as const;
  const [amount, seconds, burst, strict, slots] = quotaArguments(max, window, opts, names);
  return throwing(() => native.limiterNew(amount, seconds, burst, strict, slots));
}
