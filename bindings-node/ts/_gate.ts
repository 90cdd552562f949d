/** The gate: requests in, decisions and questions out. */

import { fileURLToPath } from 'node:url';
import {
  adopt,
  adoptedOr,
  given,
  isText,
  list,
  nowOf,
  optionalText,
  optionalTexts,
  optionalWhole,
  secret,
  text,
  texts,
} from './_arguments.js';
import type { OneOrMore } from './_arguments.js';
import { apiKeysHandle } from './_api_keys.js';
import type { ApiKeys } from './_api_keys.js';
import { milliseconds, unix } from './_clock.js';
import type { Moment } from './_clock.js';
import { ConfigError, throwing } from './_errors.js';
import { lines, mended } from './_headers.js';
import type { Before, HeadersLike } from './_headers.js';
import { fetchOf } from './_jwks.js';
import type { Fetch } from './_jwks.js';
import { quotaHandle } from './_limiter.js';
import type { Quota } from './_limiter.js';
import { native } from './_native.js';
import { flag, number, octets, readOptions, wrongType } from './_options.js';
import { introspectionHandle, issuerHandle, limitHandle, sharedLimitHandle } from './_parts.js';
import type { Introspection, Issuer, Limit, SharedLimit } from './_parts.js';
import { filtered, grantsGiven, policyHandle } from './_policy.js';
import type { Grants, ListMethod, Policy } from './_policy.js';
import { principalHandle } from './_principal.js';
import type { Principal } from './_principal.js';
import { listOf } from './_revocation.js';
import type { RevocationList } from './_revocation.js';
import { sharedHandle, sharedId } from './_share.js';
import type { SharedHandle } from './_share.js';
import { numbers, stepOf } from './_steps.js';
import type { Admitted, Denial, Now, Read, Step } from './_steps.js';
import { verifierHandle } from './_verifier.js';
import type { CacheStats, Verifier } from './_verifier.js';
import type { ExternalObject, GateGiven, GateHandle } from '../native/index.js';

/** What a gate is made of. */
export interface GateOptions {
  /** Accept tokens that verify: one, or several, each for issuers of its own. */
  verifiers?: OneOrMore<Verifier> | undefined;
  /** Issuers whose tokens are accepted, for this server at `publicUrl`. */
  issuers?: OneOrMore<Issuer> | undefined;
  /** Keys, in the header `apiKeyHeader` or behind `Bearer`. */
  apiKeys?: ApiKeys | undefined;
  /** Asks the host about others. */
  apiKeyLookup?: boolean | undefined;
  /** Asks the host about opaque tokens. */
  introspection?: Introspection | undefined;
  /** Who may reach what: without one, nobody reaches anything but `initialize` and `ping`. */
  policy?: Policy | undefined;
  /**
   * What whoever sends no credential at all may reach: nothing by default, and only what is named. A credential that is not
   * good is never taken for none.
   */
  anonymous?: Grants | undefined;
  /** The address the server binds to: a loopback address unless given. */
  host?: string | undefined;
  /** By what URL the server is called. */
  publicUrl?: string | undefined;
  /** By what other names. */
  allowedHosts?: OneOrMore<string> | undefined;
  /** Web origins whose pages may call it. */
  origins?: OneOrMore<string> | undefined;
  /** Addresses and CIDRs whose forwarding header is believed. */
  trustedProxies?: OneOrMore<string> | undefined;
  /** That header: `X-Forwarded-For` unless given. */
  forwardedHeader?: string | undefined;
  /** How many bits of an IPv6 address count: 64 unless given. */
  ipv6Prefix?: number;
  /** Who issues tokens for it: by default the issuers. They make it an OAuth resource at `publicUrl`. */
  authorizationServers?: OneOrMore<string> | undefined;
  /** The scopes there are. */
  scopesSupported?: OneOrMore<string> | undefined;
  /** What a client without a credential is told to ask for. */
  defaultScopes?: OneOrMore<string> | undefined;
  /** Its name, for people. */
  resourceName?: string | undefined;
  /** The header API keys come in: `x-api-key` unless given. */
  apiKeyHeader?: string | undefined;
  /** Failed attempts of an address: 30 a minute unless given. */
  addressQuota?: Quota | undefined;
  /** Requests of a principal: 100 a minute unless given. */
  principalQuota?: Quota | undefined;
  /** Requests of an address without a credential: 30 a minute unless given. */
  anonymousQuota?: Quota | undefined;
  /** Further limits. */
  limits?: Iterable<Limit> | undefined;
  /** Has processes count `principalQuota` together. */
  sharedLimit?: SharedLimit | undefined;
  /** Bytes: 1 MiB unless given. */
  bodyLimit?: number | undefined;
  /** How many tokens are kept as verified, for up to a minute: 10,000 unless given, and 0 keeps none. */
  cachedTokens?: number | undefined;
  /** How many revocations there is room for: 10,000 unless given. */
  revocations?: number | undefined;
  /**
   * A list of your own, asked about every token that verifies, cached ones too. It must answer at once; whatever goes wrong in
   * it refuses. In other threads that share the gate, `Gate.shared` is given theirs.
   */
  revocationList?: RevocationList | undefined;
  /** At least 32 bytes, which bind session ids to their principals: see `bindSession`. */
  sessionKey?: string | Uint8Array | undefined;
}

const NAMES = [
  'verifiers', 'issuers', 'apiKeys', 'apiKeyLookup', 'introspection', 'policy', 'anonymous', 'host', 'publicUrl',
  'allowedHosts', 'origins', 'trustedProxies', 'forwardedHeader', 'ipv6Prefix', 'authorizationServers', 'scopesSupported',
  'defaultScopes', 'resourceName', 'apiKeyHeader', 'addressQuota', 'principalQuota', 'anonymousQuota', 'limits',
  'sharedLimit', 'bodyLimit', 'cachedTokens', 'revocations', 'revocationList', 'sessionKey',
] as const; // prettier-ignore

/** What a request is begun with besides. */
export interface BeginOptions extends Now {
  /** For the older SSE transport: the parameter's name, and the query that has it. */
  sessionInQuery?: readonly [parameter: string, query: string] | undefined;
}

/** An answer at one of OAuth's well-known addresses. */
export interface WellKnown {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

/** Variables by their names. */
export type Vars = Readonly<Record<string, string | undefined>>;

/** @internal */
export let gateHandle: (gate: Gate) => ExternalObject<GateHandle>;
/** @internal */
export let gateOf: (handle: ExternalObject<GateHandle>) => Gate;

/**
 * One pipeline from a request to a decision: Host and Origin, the address's bucket, the credential, who it is, what they may
 * do, the principal's bucket. No method throws for anything that is in a request. Throws `ConfigError`.
 *
 * ```ts
 * const gate = new Gate({
 *   apiKeys: new ApiKeys([new ApiKey({ id: 'ci', key: 'a-key-nobody-guesses', roles: 'user' })]),
 *   policy: new Policy({ roles: { user: { tools: ['whoami'] } } }),
 * });
 * const headers = { host: 'localhost', 'x-api-key': 'a-key-nobody-guesses', 'content-type': 'application/json' };
 * const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}';
 * const decided = gate.admit('POST', headers, '127.0.0.1', call);
 * assert.equal(decided.kind === 'admitted' && decided.principal.id, 'key:ci');
 * ```
 */
export class Gate {
  readonly #native: ExternalObject<GateHandle>;
  readonly #begin: ReturnType<typeof native.gateBegin>;
  readonly #read: Read;
  readonly #fetches: boolean;
  /** The header API keys come in, in lower case. */
  readonly apiKeyHeader: string;
  /**
   * Whether session ids are bound to their principals. Where they are, the service behind must be given `Admitted.session` in
   * the place of the request's `Mcp-Session-Id` (or no such header), and clients what `bindSession` makes of the one in its
   * answer.
   */
  readonly bindsSessions: boolean;

  static {
    gateHandle = (gate) => {
      if (typeof gate === 'object' && gate !== null && #native in gate) return gate.#native;
      throw wrongType('gate', 'a Gate', gate);
    };
    gateOf = (handle) => adopt(handle, () => new Gate({}));
  }

  constructor(opts: GateOptions) {
    this.#native = adoptedOr(() => made(opts));
    this.#begin = native.gateBegin(this.#native);
    this.#read = native.gateRead(this.#native);
    this.#fetches = native.gateFetches(this.#native);
    this.apiKeyHeader = native.gateApiKeyHeader(this.#native);
    this.bindsSessions = native.gateBindsSessions(this.#native);
    Object.freeze(this);
  }

  /**
   * A gate by the settings of the environment, or of other variables: see the README's table. `policy` is for what no variable
   * can say. Reads the file `API_KEYS_FILE`. Throws `ConfigError`, with the setting's name in `setting`.
   */
  static fromEnv(env: Vars = process.env, opts?: { policy?: Policy }): Gate {
    const [vars, policy] = [varsOf(env), policyOf(opts)];
    return gateOf(throwing(() => native.gateFromEnv(vars, policy)));
  }

  /**
   * A gate by a TOML file, and the environment (or other variables), which wins over it. Throws as `fromEnv`, and Node's error
   * (`ENOENT`) where the file can't be read.
   */
  static fromConfig(path: string | URL, env: Vars = process.env, opts?: { policy?: Policy }): Gate {
    const file = path instanceof URL ? fileURLToPath(path) : text(path, 'path');
    const [vars, policy] = [varsOf(env), policyOf(opts)];
    return gateOf(throwing(() => native.gateFromConfig(file, vars, policy)));
  }

  /** The gate of a handle, which another thread's gate gave: see `share`. Throws `ConfigError`: there is none any more. */
  static shared(handle: SharedHandle, opts?: { revocationList?: RevocationList }): Gate {
    const id = sharedId(handle, 'gate');
    const { revocationList } = readOptions(opts, ['revocationList']);
    const ask = revocationList === undefined ? undefined : listOf(revocationList);
    const gate = throwing(() => native.sharedGate(id));
    if (ask !== undefined && !native.gateListen(gate, ask)) {
      throw new ConfigError('the gate was made without a revocation list', 'argument_invalid');
    }
    return gateOf(gate);
  }

  /**
   * A handle for other threads, to be posted to a worker: `Gate.shared(handle)` there is the same gate, with the same buckets,
   * cache, keys and revocations. The handle itself keeps nothing: it is good for as long as any `Gate` of it lives.
   */
  share(): SharedHandle {
    return sharedHandle('gate', native.shareGate(this.#native));
  }

  /**
   * Decides on a request's head, before its body is read. `peer` is the other end's IP address: without one, every request is
   * refused.
   */
  begin(method: string, headers: HeadersLike, peer: string | undefined, opts?: BeginOptions): Step {
    const now = opts?.now;
    const all = lines({ method, peer, query: opts?.sessionInQuery }, headers);
    numbers[0] = unix(now);
    numbers[1] = milliseconds(now);
    numbers[2] = all.length;
    let step = this.#begin(all.join('\n'), numbers);
    if (typeof step === 'number') {
      // There is a line end in one of them, or they are longer than any server takes: nothing that came by HTTP.
      step = this.#begin(mended(all), numbers);
      // Without headers it is refused, which is the answer to what nobody could have sent.
      if (typeof step === 'number') numbers[2] = 4;
      if (typeof step === 'number') step = this.#begin('GET\n\n\n', numbers) as Exclude<typeof step, number>;
    }
    return stepOf(this.#read, step, numbers);
  }

  /**
   * Decides on a whole request that was read already. Questions are answered with "unavailable", which refuses: hosts that
   * answer them have a `Door`, or use `begin`.
   */
  admit(
    method: string,
    headers: HeadersLike,
    peer: string | undefined,
    body: string | Uint8Array = '',
    opts?: BeginOptions,
  ): Admitted | Denial {
    octets(body, 'body');
    const at = opts?.now === undefined ? undefined : { now: opts.now };
    let step: Step = this.begin(method, headers, peer, opts);
    for (;;) {
      if (step.kind === 'body') step = step.read(body, at);
      else if (step.kind === 'ask') step = step.unavailable(at);
      else return step;
    }
  }

  /** A `Fetch` of an issuer's keys that is due, if any: ask at start and after every request. */
  refresh(opts?: Now): Fetch | undefined {
    if (!this.#fetches) return undefined;
    const now = nowOf<Moment>(opts);
    return fetchOf(native.gateRefresh(this.#native, unix(now), milliseconds(now)));
  }

  /** Puts another set of API keys in the place of the one there is: a request begun after this returns sees it. */
  swapApiKeys(keys: ApiKeys): void {
    const handle = apiKeysHandle(keys);
    throwing(() => native.gateSwapApiKeys(this.#native, handle));
  }

  /**
   * Reads `API_KEYS_FILE` again, of a gate made from a configuration that has one; false where there is none. When it throws,
   * the keys stay as they were.
   */
  reloadApiKeys(): boolean {
    return throwing(() => native.gateReloadApiKeys(this.#native));
  }

  /** Forgets what the host said of API keys: each is asked for anew. */
  forgetApiKeys(): void {
    native.gateForgetApiKeys(this.#native);
  }

  /**
   * Whether who was admitted before would be now, as far as the credential goes: for answers that last, at least every 30
   * seconds. `token` is what came behind `Bearer`; without it, that very token's revocation isn't seen.
   */
  stillGood(principal: Principal, token: string | Uint8Array = '', opts?: Now): boolean {
    const [handle, now] = [principalHandle(principal), nowOf<Moment>(opts)];
    return native.gateStillGood(this.#native, handle, octets(token, 'token'), unix(now), milliseconds(now));
  }

  /**
   * Revokes one token until it expires by itself, at `until` (seconds since the epoch). Throws `ConfigError`: the bounded set is
   * full, and nothing was changed.
   */
  revokeToken(token: string | Uint8Array, until: number, opts?: Now): void {
    const [now, end] = [nowOf<Moment>(opts), number(until, 'until')];
    octets(token, 'token');
    throwing(() => native.gateRevokeToken(this.#native, token, end, unix(now), milliseconds(now)));
  }

  /** Revokes the token of that issuer and `jti`. Otherwise as `revokeToken`. */
  revokeId(issuer: string, id: string, until: number, opts?: Now): void {
    const [now, end] = [nowOf<Moment>(opts), number(until, 'until')];
    const [of, token] = [text(issuer, 'issuer'), text(id, 'id')];
    throwing(() => native.gateRevokeId(this.#native, of, token, end, unix(now), milliseconds(now)));
  }

  /** Revokes every token of that issuer and subject that was issued before `before`. Otherwise as `revokeToken`. */
  revokeSubject(issuer: string, subject: string, before: number, until: number, opts?: Now): void {
    this.#revoke(issuer, text(subject, 'subject'), false, before, until, opts);
  }

  /** Revokes every token of that issuer and client, of those that have no subject. Otherwise as `revokeSubject`. */
  revokeClient(issuer: string, client: string, before: number, until: number, opts?: Now): void {
    this.#revoke(issuer, text(client, 'client'), true, before, until, opts);
  }

  #revoke(
    issuer: string,
    subject: string,
    client: boolean,
    before: number,
    until: number,
    opts: Now | undefined,
  ): void {
    const now = nowOf<Moment>(opts);
    const given = {
      issuer: text(issuer, 'issuer'),
      subject,
      client,
      before: number(before, 'before'),
      until: number(until, 'until'),
    };
    throwing(() => native.gateRevokeSubject(this.#native, given, unix(now), milliseconds(now)));
  }

  /**
   * What to answer at OAuth's well-known addresses, whatever the Host and without a credential; `undefined` where the path is
   * another's.
   */
  wellKnown(method: string, path: string): WellKnown | undefined {
    const answer = native.gateWellKnown(this.#native, text(method, 'method'), wellFormed(path, 'path'));
    return (answer as WellKnown | null) ?? undefined;
  }

  /** Whether a page of that origin may read answers: for the host's CORS. */
  isListedOrigin(origin: string | Uint8Array): boolean {
    return native.gateIsListedOrigin(this.#native, octets(origin, 'origin'));
  }

  /** The rate headers of an answer to a request that the gate does not guard: the address's bucket. None without a peer. */
  addressHeaders(headers: HeadersLike, peer: string | undefined, opts?: Now): readonly (readonly [string, string])[] {
    const now = nowOf<Moment>(opts);
    const all = lines({ method: 'GET', peer } satisfies Before, headers);
    const [at, mono] = [unix(now), milliseconds(now)];
    const told =
      native.gateAddressHeaders(this.#native, all.join('\n'), all.length, at, mono) ??
      native.gateAddressHeaders(this.#native, mended(all), all.length, at, mono) ??
      '';
    const found: [string, string][] = [];
    const parts = told === '' ? [] : told.split('\n');
    for (let place = 0; place + 1 < parts.length; place += 2) found.push([parts[place] ?? '', parts[place + 1] ?? '']);
    return found;
  }

  /** The session id that a client is given in the place of the service's own. Throws `ConfigError`: give it none then. */
  bindSession(principal: Principal, inner: string): string {
    const [handle, id] = [principalHandle(principal), text(inner, 'inner')];
    return throwing(() => native.gateBindSession(this.#native, handle, id));
  }

  /**
   * Binds an id of another kind, such as a task's, which stands in bodies: the server gives out what this makes, and takes it
   * back by `unbind`. Throws `ConfigError`.
   */
  bind(kind: string, principal: Principal, inner: string): string {
    const [handle, of, id] = [principalHandle(principal), text(kind, 'kind'), text(inner, 'inner')];
    return throwing(() => native.gateBind(this.#native, of, handle, id));
  }

  /** The id that was bound; `undefined` where it is not that principal's, or not of that kind. */
  unbind(kind: string, principal: Principal, outward: string): string | undefined {
    const handle = principalHandle(principal);
    return native.gateUnbind(this.#native, text(kind, 'kind'), handle, wellFormed(outward, 'outward')) ?? undefined;
  }

  /** Whether an item of a list is shown to that principal: see `Policy.shows`. */
  shows(principal: Principal, method: ListMethod, name: string): boolean {
    return this.filter(principal, method, [name]).length === 1;
  }

  /** Of `items`, those that are shown to that principal, in a new array: see `Policy.filter`. */
  filter<T>(principal: Principal, method: ListMethod, items: Iterable<T>, key?: (item: T) => string): T[] {
    const [handle, of] = [principalHandle(principal), text(method, 'method')];
    return filtered(items, key, (names) => native.gateShows(this.#native, handle, of, names));
  }

  /** A list's result with those items left that are shown to that principal: see `Policy.filterResult`. */
  filterResult(principal: Principal, method: ListMethod, result: string | Uint8Array): string {
    const [handle, of] = [principalHandle(principal), text(method, 'method')];
    octets(result, 'result');
    return throwing(() => native.gateFilterResult(this.#native, handle, of, result));
  }

  /** What the verified-token cache has done; `undefined` without one. */
  cacheStats(): CacheStats | undefined {
    const stats = native.gateCacheStats(this.#native);
    if (stats === null || stats === undefined) return undefined;
    const [hits = 0, misses = 0, evictions = 0] = stats;
    return { hits, misses, evictions };
  }
}

/** A string of a request, which is no reason to throw: what has no bytes becomes U+FFFD on its way. */
function wellFormed(value: unknown, name: string): string {
  if (typeof value !== 'string') throw wrongType(name, 'a string', value);
  return value;
}

function policyOf(opts: { policy?: Policy } | undefined): ReturnType<typeof policyHandle> | undefined {
  const { policy } = readOptions(opts, ['policy']);
  return policy === undefined ? undefined : policyHandle(policy);
}

const settings = new Set(native.settingNames());

/** Names and values in turn. What is no text is no setting; as a setting's value it is an error. */
function varsOf(env: unknown): string[] {
  if (typeof env !== 'object' || env === null || Array.isArray(env)) throw wrongType('env', 'an object', env);
  const vars: string[] = [];
  for (const [name, value] of Object.entries(env) as [string, unknown][]) {
    if (value === undefined) continue;
    if (settings.has(name)) vars.push(name, text(value, name));
    else if (typeof value === 'string' && isText(name) && isText(value)) vars.push(name, value);
  }
  return vars;
}

function several<T>(value: unknown, handle: (one: never) => T, name: string, wanted: string): T[] {
  if (value === undefined) return [];
  const all =
    typeof value === 'object' && value !== null && Symbol.iterator in value ? list(value, name, wanted) : [value];
  return all.map((one) => handle(one as never));
}

function made(opts: GateOptions): ExternalObject<GateHandle> {
  const said = readOptions(opts, NAMES);
  const parts: GateGiven = given({
    issuers: several(said.issuers, issuerHandle, 'issuers', 'an Issuer or an array of them'),
    apiKeys: said.apiKeys === undefined ? undefined : apiKeysHandle(said.apiKeys),
    apiKeyLookup: flag(said.apiKeyLookup, 'apiKeyLookup'),
    introspection: said.introspection === undefined ? undefined : introspectionHandle(said.introspection),
    policy: said.policy === undefined ? undefined : policyHandle(said.policy),
    anonymous: said.anonymous === undefined ? undefined : grantsGiven(said.anonymous),
    host: optionalText(said.host, 'host'),
    publicUrl: optionalText(said.publicUrl, 'publicUrl'),
    allowedHosts: said.allowedHosts === undefined ? [] : texts(said.allowedHosts, 'allowedHosts'),
    origins: said.origins === undefined ? [] : texts(said.origins, 'origins'),
    trustedProxies: said.trustedProxies === undefined ? [] : texts(said.trustedProxies, 'trustedProxies'),
    forwardedHeader: optionalText(said.forwardedHeader, 'forwardedHeader'),
    ipv6Prefix: optionalWhole(said.ipv6Prefix, 'ipv6Prefix'),
    authorizationServers: optionalTexts(said.authorizationServers, 'authorizationServers'),
    scopesSupported: optionalTexts(said.scopesSupported, 'scopesSupported'),
    defaultScopes: optionalTexts(said.defaultScopes, 'defaultScopes'),
    resourceName: optionalText(said.resourceName, 'resourceName'),
    apiKeyHeader: optionalText(said.apiKeyHeader, 'apiKeyHeader'),
    addressQuota: said.addressQuota === undefined ? undefined : quotaHandle(said.addressQuota),
    principalQuota: said.principalQuota === undefined ? undefined : quotaHandle(said.principalQuota),
    anonymousQuota: said.anonymousQuota === undefined ? undefined : quotaHandle(said.anonymousQuota),
    limits: several(said.limits, limitHandle, 'limits', 'an array of Limit'),
    sharedLimit: said.sharedLimit === undefined ? undefined : sharedLimitHandle(said.sharedLimit),
    bodyLimit: optionalWhole(said.bodyLimit, 'bodyLimit', Number.MAX_SAFE_INTEGER),
    cachedTokens: optionalWhole(said.cachedTokens, 'cachedTokens'),
    revocations: optionalWhole(said.revocations, 'revocations'),
  });
  const verifiers = several(said.verifiers, verifierHandle, 'verifiers', 'a Verifier or an array of them');
  const key = said.sessionKey === undefined ? undefined : secret(said.sessionKey, 'sessionKey');
  const ask = said.revocationList === undefined ? undefined : listOf(said.revocationList);
  return throwing(() => native.gateNew(parts, verifiers, key, ask));
}
