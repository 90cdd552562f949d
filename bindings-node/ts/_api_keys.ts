/** API keys, and sets of them. */

import {
  adopt,
  adoptedOr,
  entries,
  given,
  list,
  nowOf,
  optionalText,
  secret,
  text,
  texts,
  whole,
} from './_arguments.js';
import type { OneOrMore } from './_arguments.js';
import { unix } from './_clock.js';
import { ApiKeyError, throwing } from './_errors.js';
import { quotaHandle, quotaOf } from './_limiter.js';
import type { Quota } from './_limiter.js';
import { native } from './_native.js';
import { Principal } from './_principal.js';
import { flag, number, octets, optionalNumber, readOptions, wrongType } from './_options.js';
import { sharedHandle, sharedId } from './_share.js';
import type { SharedHandle } from './_share.js';
import type { ApiKeyGiven, ApiKeyHandle, ApiKeysHandle, ApiKeyParts, ExternalObject } from '../native/index.js';

/** What an API key is made of. */
export interface ApiKeyOptions {
  /** The public id, 1 to 128 bytes. */
  id: string;
  /** What its owner sends; or give `digest`. */
  key?: string | Uint8Array | undefined;
  /** The 64 hexadecimal digits of its SHA-256. */
  digest?: string | undefined;
  /** The caller's name: the id unless given. Keys of one name are one caller. */
  name?: string | undefined;
  roles?: OneOrMore<string> | undefined;
  scopes?: OneOrMore<string> | undefined;
  /** What the caller may spend, where that is not what all may. */
  quota?: Quota | undefined;
  /** Seconds since the epoch before which the key is refused. */
  notBefore?: number | undefined;
  /** Seconds since the epoch from which on the key is refused. */
  expires?: number | undefined;
  /** Switches the key off. */
  disabled?: boolean | undefined;
  /**
   * Says of a `digest` that the key is of doorward's own format: a set of none but such refuses all else by its form, and
   * whoever has one is let in where guesses from the same address are not. A `key` is judged by itself.
   */
  strong?: boolean | undefined;
  /** Names and values of your own. */
  metadata?: Record<string, string> | undefined;
}

const NAMES = [
  'id',
  'key',
  'digest',
  'name',
  'roles',
  'scopes',
  'quota',
  'notBefore',
  'expires',
  'disabled',
  'strong',
  'metadata',
] as const;

/** @internal */
export let apiKeyHandle: (key: ApiKey) => ExternalObject<ApiKeyHandle>;
let apiKeyOf: (handle: ExternalObject<ApiKeyHandle>) => ApiKey;

/**
 * One API key of a set: who presents it, what they may do, and when. A set keeps nothing but the digest.
 *
 * Throws `ConfigError`: a digest that is none, or neither of key and digest, or both.
 */
export class ApiKey {
  readonly #native: ExternalObject<ApiKeyHandle>;
  #parts: ApiKeyParts | undefined;

  static {
    apiKeyHandle = (key) => {
      if (typeof key === 'object' && key !== null && #native in key) return key.#native;
      throw wrongType('a key', 'an ApiKey', key);
    };
    apiKeyOf = (handle) => adopt(handle, () => new ApiKey({ id: '' }));
  }

  constructor(opts: ApiKeyOptions) {
    this.#native = adoptedOr(() => made(opts));
  }

  get #told(): ApiKeyParts {
    return (this.#parts ??= native.apiKeyParts(this.#native));
  }

  /** The public id. */
  get id(): string {
    return this.#told.id;
  }

  /** The caller's name: the id, unless it was named. */
  get name(): string {
    return this.#told.name;
  }

  /** The roles. */
  get roles(): readonly string[] {
    return Object.freeze(this.#told.roles);
  }

  /** The scopes. */
  get scopes(): readonly string[] {
    return Object.freeze(this.#told.scopes);
  }

  /** What the caller may spend, where that is not what all may. */
  get quota(): Quota | undefined {
    const { quota } = this.#told;
    return quota ? quotaOf(quota) : undefined;
  }

  /** Seconds since the epoch before which the key is refused. */
  get notBefore(): number | undefined {
    return this.#told.notBefore ?? undefined;
  }

  /** Seconds since the epoch from which on the key is refused. */
  get expires(): number | undefined {
    return this.#told.expires ?? undefined;
  }

  /** Whether the key is switched off. */
  get disabled(): boolean {
    return this.#told.disabled;
  }

  /** Whether the key is of doorward's own format, whose secret nobody guesses. Before a set is made, what was said. */
  get strong(): boolean {
    return this.#told.strong;
  }

  /** What was attached: a new object each time, without a prototype. */
  get metadata(): Record<string, string> {
    const all: Record<string, string> = Object.create(null);
    for (const [name = '', value = ''] of this.#told.metadata) all[name] = value;
    return all;
  }
}

function made(opts: ApiKeyOptions): ExternalObject<ApiKeyHandle> {
  const { key, digest, ...said } = readOptions(opts, NAMES);
  const metadata: Record<string, string> = Object.create(null);
  if (said.metadata !== undefined) {
    for (const [name, value] of entries(said.metadata, 'metadata')) metadata[name] = text(value, 'a value of metadata');
  }
  const parts: ApiKeyGiven = given({
    id: text(said.id, 'id'),
    digest: optionalText(digest, 'digest'),
    name: optionalText(said.name, 'name'),
    roles: said.roles === undefined ? [] : texts(said.roles, 'roles'),
    scopes: said.scopes === undefined ? [] : texts(said.scopes, 'scopes'),
    quota: said.quota === undefined ? undefined : quotaHandle(said.quota),
    notBefore: optionalNumber(said.notBefore, 'notBefore'),
    expires: optionalNumber(said.expires, 'expires'),
    disabled: flag(said.disabled, 'disabled'),
    strong: flag(said.strong, 'strong'),
    metadata,
  });
  const presented = key === undefined ? undefined : octets(key, 'key');
  return throwing(() => native.apiKeyNew(parts, presented));
}

/** What a set of API keys is held to. */
export interface ApiKeysOptions {
  /** That of doorward's own keys (`dw_live_…`); `dw` unless given. */
  prefix?: string | undefined;
  /** At least 32 bytes, which make the digests HMACs. */
  pepper?: string | Uint8Array | undefined;
}

const refusals = native.apiKeyRefusals();

/** @internal */
export let apiKeysHandle: (keys: ApiKeys) => ExternalObject<ApiKeysHandle>;
/** @internal */
export let apiKeysOf: (handle: ExternalObject<ApiKeysHandle>) => ApiKeys;

/**
 * A set of API keys, held as digests and matched in time that does not depend on which key matches. Immutable: other keys
 * make another set. Throws `ConfigError`: a key that is empty, too long, damaged, no visible ASCII, or there twice; an id
 * likewise.
 *
 * ```ts
 * const keys = new ApiKeys([new ApiKey({ id: 'ci', key: 'a-key-nobody-guesses', roles: 'user' })]);
 * assert.deepEqual(keys.find('a-key-nobody-guesses')?.roles, ['user']);
 * assert.equal(keys.find('another'), undefined);
 * ```
 */
export class ApiKeys {
  readonly #native: ExternalObject<ApiKeysHandle>;
  readonly #find: ReturnType<typeof native.apiKeysFind>;
  // Frozen are the names, not this.
  readonly #entries: ApiKey[] = [];
  /** How many keys there are. */
  readonly size: number;

  static {
    apiKeysHandle = (keys) => {
      if (typeof keys === 'object' && keys !== null && #native in keys) return keys.#native;
      throw wrongType('keys', 'an ApiKeys', keys);
    };
    apiKeysOf = (handle) => adopt(handle, () => new ApiKeys([]));
  }

  /** What is presented may have `maxPresented` bytes, 512 unless given. */
  constructor(keys: Iterable<ApiKey>, opts?: ApiKeysOptions & { maxPresented?: number }) {
    this.#native = adoptedOr(() => madeSet(keys, opts));
    this.#find = native.apiKeysFind(this.#native);
    this.size = native.apiKeysLength(this.#native);
    Object.freeze(this);
  }

  /** The keys of a file's text (JSON Lines, as `doorward keys` writes it). Throws `ConfigError` with the line. */
  static fromText(source: string | Uint8Array, opts?: ApiKeysOptions): ApiKeys {
    const { prefix, pepper } = set(opts, ['prefix', 'pepper']);
    octets(source, 'the text');
    return apiKeysOf(throwing(() => native.apiKeysFromText(source, prefix, pepper)));
  }

  /** The set of a handle, which another thread's gave: see `share`. Throws `ConfigError`: there is none any more. */
  static shared(handle: SharedHandle): ApiKeys {
    const id = sharedId(handle, 'api_keys');
    return apiKeysOf(throwing(() => native.sharedApiKeys(id)));
  }

  /**
   * A handle for other threads, to be posted to a worker: `ApiKeys.shared(handle)` there is the same set, not a copy of it. The
   * handle itself keeps nothing: it is good for as long as any `ApiKeys` of it lives.
   */
  share(): SharedHandle {
    return sharedHandle('api_keys', native.shareApiKeys(this.#native));
  }

  /**
   * The entry of the key that was presented, if it may be used now; otherwise `undefined`. `now` is in seconds since the
   * epoch, in place of the clock's.
   */
  find(presented: string | Uint8Array, opts?: { now?: number }): ApiKey | undefined {
    const found = this.#place(presented, opts);
    return found < 0 ? undefined : this.#entry(found);
  }

  /**
   * As `find`, and throws `ApiKeyError` with its `code` in place of `undefined`: for the operator's log. Tell the caller the
   * same in every case.
   */
  verify(presented: string | Uint8Array, opts?: { now?: number }): ApiKey {
    const found = this.#place(presented, opts);
    if (found >= 0) return this.#entry(found);
    const [code, message = ''] = refusals[-1 - found] ?? [];
    throw new ApiKeyError(message, code);
  }

  /**
   * Whose the key is that was presented, as a gate knows them: `key:<name>`, its scopes and roles. For what has no gate. Throws as
   * `verify`.
   */
  identify(presented: string | Uint8Array, opts?: { now?: number }): Principal {
    return new Principal(native.principalOfKey(apiKeyHandle(this.verify(presented, opts))));
  }

  #place(presented: string | Uint8Array, opts: { now?: number } | undefined): number {
    const now = nowOf(opts);
    const found = this.#find(presented, now === undefined ? unix() : number(now, 'now'));
    if (found === -100) throw new TypeError('a presented key must be a string or a Uint8Array');
    return found;
  }

  #entry(place: number): ApiKey {
    return (this.#entries[place] ??= apiKeyOf(
      native.apiKeysEntry(this.#native, place) as ExternalObject<ApiKeyHandle>,
    ));
  }

  *[Symbol.iterator](): Generator<ApiKey, void, undefined> {
    for (let place = 0; place < this.size; place++) yield this.#entry(place);
  }
}

function set(
  opts: (ApiKeysOptions & { maxPresented?: number }) | undefined,
  names: readonly ('prefix' | 'pepper' | 'maxPresented')[],
) {
  const { prefix, pepper, maxPresented = 512 } = readOptions<ApiKeysOptions & { maxPresented?: number }>(opts, names);
  return {
    prefix: prefix === undefined ? 'dw' : text(prefix, 'prefix'),
    pepper: pepper === undefined ? undefined : secret(pepper, 'pepper'),
    most: whole(maxPresented, 'maxPresented'),
  };
}

function madeSet(
  keys: Iterable<ApiKey>,
  opts: (ApiKeysOptions & { maxPresented?: number }) | undefined,
): ExternalObject<ApiKeysHandle> {
  const { prefix, pepper, most } = set(opts, ['prefix', 'pepper', 'maxPresented']);
  const all = list(keys, 'keys', 'an array of ApiKey').map((key) => apiKeyHandle(key as ApiKey));
  return throwing(() => native.apiKeysNew(all, prefix, pepper, most));
}

/** A key that was minted just now: the only time its text is seen. */
export class NewKey {
  readonly #key: string;
  /** Everything before the secret: prefix, environment and id. */
  readonly public: string;
  /** Its SHA-256, 64 hexadecimal digits: what to store. */
  readonly digest: string;

  /** @internal */
  constructor(minted: readonly string[]) {
    const [key = '', shown = '', digest = ''] = minted;
    this.#key = key;
    this.public = shown;
    this.digest = digest;
    Object.freeze(this);
  }

  /** The key, as its owner sends it. No log shows it by accident. */
  get key(): string {
    return this.#key;
  }
}

/**
 * Mints an API key of doorward's own format, `<prefix>_<env>_<id>_<secret><checksum>`, with 160 bits of secret. `env` and
 * `prefix` are 1 to 16 characters of a-z and 0-9; otherwise it throws `ConfigError`.
 *
 * ```ts
 * const minted = generateKey();
 * assert(minted.key.startsWith(minted.public) && minted.public.startsWith('dw_live_'));
 * ```
 */
export function generateKey(env = 'live', opts?: { prefix?: string }): NewKey {
  const { prefix = 'dw' } = readOptions(opts, ['prefix']);
  text(env, 'env');
  text(prefix, 'prefix');
  return new NewKey(throwing(() => native.apiKeyMint(env, prefix)));
}
