// Written by scripts/native.mjs from what the native module says of itself.

/** A value of the native module, for it alone to look into. */
export declare class ExternalObject<T> {
  private readonly of: T
}

/**
 * A function that decides on a head: `(packed, numbers)`. It answers with a step, and writes what kind it is; with −1 where
 * the head has more lines than it should.
 * 
 * The head is lines: the method, the peer, a query parameter's name and the query that has it, or two empty ones; then names
 * and values in turn. The numbers are seconds since the epoch, milliseconds on a clock that never steps, and how many lines.
 */
export declare function gateBegin(gate: ExternalObject<GateHandle>): (packed: string, numbers: Float64Array) => ExternalObject<StepHandle> | number

/**
 * A function that finds a key: `(presented, unix)`. It answers with the entry's place; below zero, −1 less the place of the
 * refusal in `apiKeyRefusals`; or −100, where what is presented is neither text nor bytes.
 */
export declare function apiKeysFind(keys: ExternalObject<ApiKeysHandle>): (presented: string | Uint8Array, unix: number) => number

/**
 * A function that goes on with a body: `(step, body, numbers)`. It answers with 0 and writes what kind the step has become;
 * with −1 where the step is none that needs a body, −2 where the body is neither text nor bytes.
 */
export declare function gateRead(gate: ExternalObject<GateHandle>): (step: ExternalObject<StepHandle>, body: string | Uint8Array, numbers: Float64Array) => number

/**
 * A public key, in DER, that verifies by these algorithms: as `jsonwebtokenSecret`, told the time in milliseconds besides.
 * Tokens that were seen within a minute are not verified again.
 */
export declare function jsonwebtokenPublicKey(spki: Uint8Array, algorithms: readonly string[]): ((token: string, now: number) => string | undefined) | string

/**
 * A secret that signs by an algorithm: a function of a header and a payload, as text, that gives their token; nothing where
 * they are no text. A code where the secret is refused.
 */
export declare function jsonwebtokenSigner(secret: Uint8Array, algorithm: string): ((header: string, payload: string) => string | undefined) | string

/**
 * A secret that verifies by these algorithms: a function of a token that gives its payload, where the signature holds and it
 * is one object with every name once. A code where the secret is refused.
 */
export declare function jsonwebtokenSecret(secret: Uint8Array, algorithms: readonly string[]): ((token: string) => string | undefined) | string

/**
 * The rate headers of an answer that the gate does not guard, as names and values in turn, a line each. Nothing where the
 * head has more lines than it should.
 */
export declare function gateAddressHeaders(gate: ExternalObject<GateHandle>, packed: string | Uint8Array, lines: number, unix: number, milliseconds: number): string | null

/**
 * What a thread adds to its `performance.now()`, in milliseconds, for the clock of all threads: it begins anew in every
 * worker. Whoever asks first has nothing to add.
 */
export declare function clockOffset(milliseconds: number): number

/** A JWS of any payload. */
export declare function signingKeySignJws(key: ExternalObject<SigningKeyHandle>, payload: string | Uint8Array): string

/** A command for Redis. */
export interface RedisCommand {
/** `EVALSHA` or `EVAL`. */
command: string
/** The script's SHA-1, or the script. */
script: string
/** The one key. */
key: Buffer
/** What follows the key, in decimal digits. */
args: Array<string>
}

/** A decision's parts. */
export interface Decided {
/** The address it counts against. */
address?: string | undefined
/** What kind of thing was asked for. */
kind?: string | undefined
/** Its name. */
name?: string | undefined
/** The session by the service's own id. */
session?: string | undefined
/** What the operator should be told besides. */
notes: Array<string>
/** A refusal's body. */
body?: string | undefined
/** A refusal's code. */
code?: string | undefined
/** More of why. */
detail?: string | undefined
}

/** A fetch of an issuer's keys that is due. */
export declare function gateRefresh(gate: ExternalObject<GateHandle>, unix: number, milliseconds: number): FetchParts | null

/** A function that says what `check` would say. */
export declare function limiterPeek(limiter: ExternalObject<LimiterHandle>): (key: string | Uint8Array, cost: number, numbers: Float64Array) => number

/** A function that spends from a key's bucket. */
export declare function limiterCheck(limiter: ExternalObject<LimiterHandle>): (key: string | Uint8Array, cost: number, numbers: Float64Array) => number

/** A further limit. */
export declare function limitNew(given: LimitGiven, quota: ExternalObject<Quota>): ExternalObject<Layer>

/** A gate by a TOML file, and variables, which win over it. */
export declare function gateFromConfig(path: string, vars: Array<string>, policy?: ExternalObject<Policy> | undefined | null): ExternalObject<GateHandle>

/** A gate by names and values of variables, in turn. */
export declare function gateFromEnv(vars: Array<string>, policy?: ExternalObject<Policy> | undefined | null): ExternalObject<GateHandle>

/** A gate of these parts. `sessionKey` binds session ids to their principals. */
export declare function gateNew(given: GateGiven, verifiers: ExternalObject<VerifierHandle>[], sessionKey: string | Uint8Array | undefined, list: Parameters<typeof gateListen>[1] | undefined): ExternalObject<GateHandle>

/** A key of a JWK Set that can't be used. */
export interface LeftOut {
/** Its place in the set, counted from 0. */
place: number
/** Why, by its code. */
code: string
}

/** A limiter; `window` is in seconds. */
export declare function limiterNew(max: number, window: number, burst: number | undefined | null, strict: boolean, slots: number): ExternalObject<LimiterHandle>

/** A list's result with what a principal is shown. */
export declare function gateFilterResult(gate: ExternalObject<GateHandle>, principal: ExternalObject<Principal>, method: string, result: string | Uint8Array): string

/** A minted key: its text, what comes before the secret, and its digest. */
export declare function apiKeyMint(env: string, prefix: string): Array<string>

/** A policy of grants. */
export declare function policyNew(roles: Array<NamedGrants>, scopes: Array<NamedGrants>, implies: Array<Implied>, everybody?: GrantsGiven | undefined | null): ExternalObject<Policy>

/** A private key from DER. */
export declare function signingKeyFromDer(der: Uint8Array, algorithm: string, kid?: string, tokenType?: string): ExternalObject<SigningKeyHandle>

/** A private key from PEM. */
export declare function signingKeyFromPem(pem: string, algorithm: string, kid?: string, tokenType?: string): ExternalObject<SigningKeyHandle>

/** A private key in whatever form. */
export declare function signingKeyFromPrivate(key: string | Uint8Array, algorithm?: string, kid?: string, tokenType?: string): ExternalObject<SigningKeyHandle>

/** A private key or a secret from a JWK's text. */
export declare function signingKeyFromJwk(jwk: string, tokenType?: string): ExternalObject<SigningKeyHandle>

/** A product whose tokens are known. */
export interface PresetGiven {
/** `auth0`, `entra` or `keycloak`. */
product: string
/** Its one option. */
option?: string | undefined
}

/** A public key from DER. */
export declare function keyFromDer(der: Uint8Array, algorithms: string[], kid?: string): ExternalObject<KeyHandle>

/** A public key from PEM. */
export declare function keyFromPem(pem: string, algorithms: string[], kid?: string): ExternalObject<KeyHandle>

/** A public key in whatever form. */
export declare function keyFromPublic(key: string | Uint8Array, algorithms: string[], kid?: string): ExternalObject<KeyHandle>

/** A public key or a secret from a JWK's text. */
export declare function keyFromJwk(jwk: string): ExternalObject<KeyHandle>

/** A quota; `window` is in seconds. */
export declare function quotaNew(max: number, window: number, burst: number | undefined | null, strict: boolean): ExternalObject<Quota>

/** A secret that signs. */
export declare function signingKeyFromSecret(secret: string | Uint8Array, algorithm: string, kid?: string, tokenType?: string): ExternalObject<SigningKeyHandle>

/** A set at an address or of an issuer. */
export declare function jwks(url: string | undefined, issuer: string | undefined, times: JwksTimes): ExternalObject<JwksHandle>

/** A set of entries. */
export declare function apiKeysNew(keys: Array<ExternalObject<ApiKeyHandle>>, prefix: string, pepper: string | Uint8Array | undefined | null, maxPresented: number): ExternalObject<ApiKeysHandle>

/** A set of keys. */
export declare function keySet(keys: Array<ExternalObject<KeyHandle>>): ExternalObject<KeySetHandle>

/** A shared secret. */
export declare function keyFromSecret(secret: string | Uint8Array, algorithm: string, kid?: string, allowShort?: boolean): ExternalObject<KeyHandle>

/** A token of the text of a JSON object. */
export declare function signingKeySign(key: ExternalObject<SigningKeyHandle>, claims: string, withoutExpiry: boolean): string

/** A verifier with keys of its own, or with keys that are fetched. */
export declare function verifier(secret: string | Uint8Array | undefined, allowShortSecret: boolean, publicKey: string | Uint8Array | undefined, keys: ExternalObject<KeySetHandle> | undefined, jwks: ExternalObject<JwksHandle> | undefined, rules: VerifierRules): VerifierParts

/** An admitted request's query with its session by the service's own id. */
export declare function stepQueryWithSession(step: ExternalObject<StepHandle>, parameter: string, query: string): string | null

/** An answer of the gate's own. */
export interface WellKnownAnswer {
/** The status. */
status: number
/** Names and values. */
headers: Array<Array<string>>
/** JSON. */
body: Buffer
}

/** An answer that says no more than itself: 0 ready, 1 unreachable, anything else unavailable. The numbers of the next step. */
export declare function askOver(step: ExternalObject<StepHandle>, answer: number, unix: number, milliseconds: number): Array<number>

/** An entry; `key` is what its owner sends. */
export declare function apiKeyNew(given: ApiKeyGiven, key?: string | Uint8Array | undefined | null): ExternalObject<ApiKeyHandle>

/** An issuer whose tokens are accepted. */
export declare function issuerNew(given: IssuerGiven): ExternalObject<Issuer>

/** Binds an id of another kind. */
export declare function gateBind(gate: ExternalObject<GateHandle>, kind: string, principal: ExternalObject<Principal>, inner: string): string

/** Codes and messages of refusals. */
export declare function apiKeyRefusals(): Array<Array<string>>

/** Drops the right to fetch: it counts as failed. */
export declare function fetchDropped(fetch: ExternalObject<FetchHandle>): void

/** Every reason a token is refused for, in the order of their numbers. */
export declare function tokenErrors(): Array<Refusal>

/** Everything for every authenticated principal. */
export declare function policyAllowAll(): ExternalObject<Policy>

/** Evictions with debt, busy denials, sweeps, and slots. */
export declare function limiterStats(limiter: ExternalObject<LimiterHandle>): Array<number>

/** Forgets every token: the array may be emptied. */
export declare function verifierClear(verifier: ExternalObject<VerifierHandle>): void

/** Forgets what a key has spent. */
export declare function limiterReset(limiter: ExternalObject<LimiterHandle>, key: string | Uint8Array): boolean

/** Forgets what the host said of API keys. */
export declare function gateForgetApiKeys(gate: ExternalObject<GateHandle>): void

/** Grants of a role or a scope. */
export interface NamedGrants {
/** The role or the scope. */
name: string
/** What whoever has it may reach. */
grants: GrantsGiven
}

/** Hits, misses and evictions of the verified-token cache. */
export declare function gateCacheStats(gate: ExternalObject<GateHandle>): Array<number> | null

/** Hits, misses and evictions; nothing without a cache. */
export declare function verifierCacheStats(verifier: ExternalObject<VerifierHandle>): Array<number> | null

/** How a set stands. */
export interface StandingParts {
/** How many keys there are. */
keys: number
/** Their age in seconds. */
age?: number | undefined
/** Whether they may be used. */
usable: boolean
/** The code of the last fetch's failure. */
error?: string | undefined
}

/** How it proved who it is. */
export declare function principalMethod(principal: ExternalObject<Principal>): string

/** How it stands. */
export declare function jwksStanding(jwks: ExternalObject<JwksHandle>, milliseconds: number): StandingParts

/** How many keys there are. */
export declare function apiKeysLength(keys: ExternalObject<ApiKeysHandle>): number

/** How opaque tokens are asked about. */
export declare function introspectionNew(given: IntrospectionGiven): ExternalObject<IntrospectionHandle>

/** How several processes count together. */
export declare function sharedLimitNew(given: SharedLimitGiven): ExternalObject<Settings>

/** One of the refusals. */
export interface Refusal {
/** The name of its class. */
class: string
/** Its code. */
code: string
/** Its message. */
message: string
}

/** Puts another set of API keys in the place of the one there is. */
export declare function gateSwapApiKeys(gate: ExternalObject<GateHandle>, keys: ExternalObject<ApiKeysHandle>): void

/** Reads the file of keys again; false where there is none. */
export declare function gateReloadApiKeys(gate: ExternalObject<GateHandle>): boolean

/** Revokes one token. */
export declare function gateRevokeToken(gate: ExternalObject<GateHandle>, token: string | Uint8Array, until: number, unix: number, milliseconds: number): void

/** Revokes the token of that issuer and `jti`. */
export declare function gateRevokeId(gate: ExternalObject<GateHandle>, issuer: string, id: string, until: number, unix: number, milliseconds: number): void

/** Revokes what was issued before that to a subject; or to a client, of those without a subject. */
export declare function gateRevokeSubject(gate: ExternalObject<GateHandle>, given: RevocationGiven, unix: number, milliseconds: number): void

/** Scopes that a scope implies. */
export interface Implied {
/** The scope. */
name: string
/** What whoever has it has too. */
scopes: Array<string>
}

/** Seconds the answer may take from now on. */
export declare function askDeadline(step: ExternalObject<StepHandle>, unix: number, milliseconds: number): number | null

/** Sets the function that a shared gate's list is in this thread. False where the gate has no list. */
export declare function gateListen(gate: ExternalObject<GateHandle>, list: (token: string, issuer: string, subject: string, isClient: boolean, id: string | null, issuedAt: number | null) => number): boolean

/** Takes back what was spent by the check of that receipt's number. */
export declare function limiterGiveBack(limiter: ExternalObject<LimiterHandle>, receipt: number): boolean

/** The SHA-256 of the credential, hexadecimal. */
export declare function askDigest(step: ExternalObject<StepHandle>): string | null

/** The audit event of a decision: a line of JSON. */
export declare function stepAudit(step: ExternalObject<StepHandle>, micros: number, unix: number, milliseconds: number): string | null

/** The body is longer than may be read, or it broke off. The numbers of the next step. */
export declare function stepUnread(step: ExternalObject<StepHandle>, tooLarge: boolean, unix: number, milliseconds: number): Array<number>

/** The canonical id. */
export declare function principalId(principal: ExternalObject<Principal>): string

/** The client whose token has no subject. */
export declare function principalClient(principal: ExternalObject<Principal>): string | null

/** The command to run. */
export declare function askCommand(step: ExternalObject<StepHandle>): RedisCommand | null

/** The entry at that place. */
export declare function apiKeysEntry(keys: ExternalObject<ApiKeysHandle>, place: number): ExternalObject<ApiKeyHandle> | null

/** The entry of the API key, or that there is none. */
export declare function askFound(step: ExternalObject<StepHandle>, entry: ExternalObject<ApiKeyHandle> | undefined | null, unix: number, milliseconds: number): Array<number>

/** The fetch that is due. */
export declare function jwksRefresh(jwks: ExternalObject<JwksHandle>, milliseconds: number): FetchParts | null

/** The fetch to do because a key is lacking. */
export declare function jwksFetch(jwks: ExternalObject<JwksHandle>, milliseconds: number): FetchParts | null

/** The fetch to do, if no other request has it already. */
export declare function askTakeFetch(step: ExternalObject<StepHandle>): FetchParts | null

/** The gate of that name. */
export declare function sharedGate(name: string): ExternalObject<GateHandle>

/** The header API keys come in. */
export declare function gateApiKeyHeader(gate: ExternalObject<GateHandle>): string

/** The headers of the answer: names and values in turn, a line each. */
export declare function stepHeaders(step: ExternalObject<StepHandle>): string

/** The id that was bound. */
export declare function gateUnbind(gate: ExternalObject<GateHandle>, kind: string, principal: ExternalObject<Principal>, outward: string): string | null

/** The issuer whose set it is. */
export declare function jwksIssuer(jwks: ExternalObject<JwksHandle>): string | null

/** The keys of a JWK Set's text. */
export declare function keySetFromJwks(jwks: string): ExternalObject<KeySetHandle>

/** The keys of a file's text. */
export declare function apiKeysFromText(text: string | Uint8Array, prefix: string, pepper?: string | Uint8Array | undefined | null): ExternalObject<ApiKeysHandle>

/** The limiter of that name. */
export declare function sharedLimiter(name: string): ExternalObject<LimiterHandle>

/** The name of a gate. */
export declare function shareGate(gate: ExternalObject<GateHandle>): string

/** The name of a limiter. */
export declare function shareLimiter(limiter: ExternalObject<LimiterHandle>): string

/** The name of a set of API keys. */
export declare function shareApiKeys(keys: ExternalObject<ApiKeysHandle>): string

/** The names of all settings. */
export declare function settingNames(): Array<string>

/** The payload of a JWS that the key verifies. */
export declare function keyVerifyJws(key: ExternalObject<KeyHandle>, jws: string | Uint8Array): Buffer

/** The reply was too long. */
export declare function fetchTooLarge(fetch: ExternalObject<FetchHandle>, milliseconds: number): FetchedParts | null

/** The reply's status and body. Nothing where the fetch was used before. */
export declare function fetchReplied(fetch: ExternalObject<FetchHandle>, status: number, body: string | Uint8Array, milliseconds: number): FetchedParts | null

/** The roles it was given. */
export declare function principalRoles(principal: ExternalObject<Principal>): Array<string>

/** The roles of claims, by their text. */
export declare function rolesOf(claims: string): Array<string>

/** The rules of a verifier, and of its cache. */
export interface VerifierRules {
/** Algorithms by name. */
algorithms?: string[] | undefined
/** `iss`, any of these. */
issuer?: string[] | undefined
/** `aud`, any of these. */
audience?: string[] | undefined
/** Whether any audience will do. */
anyAudience: boolean
/** `sub`, any of these. */
subject?: string[] | undefined
/** `typ` of the header, any of these. */
tokenType?: string[] | undefined
/** `jti`, any of these. */
tokenId?: string[] | undefined
/** `nonce`, any of these. */
nonce?: string[] | undefined
/** What must be there. */
requiredClaims: string[]
/** Seconds. */
clockTolerance: number
/** Seconds since `iat`. */
maxAge?: number | undefined
/** Seconds from `iat` to `exp`. */
maxLifetime?: number | undefined
/** Whether `exp` is not looked at. */
ignoreExpiration: boolean
/** Whether `nbf` is not looked at. */
ignoreNotBefore: boolean
/** Entries; 0 for no cache. */
cacheSize: number
/** Seconds. */
cacheTtl: number
}

/** The same by a quota of the key's own; `spend` or not. The numbers of the decision. */
export declare function limiterWith(limiter: ExternalObject<LimiterHandle>, quota: ExternalObject<Quota>, key: string | Uint8Array, cost: number, spend: boolean, milliseconds: number): Array<number>

/** The same policy with a requirement. */
export declare function policyRequire(policy: ExternalObject<Policy>, kind: string, pattern: string, scopes: Array<string>, roles: Array<string>, all: boolean): ExternalObject<Policy>

/** The scopes it was given. */
export declare function principalScopes(principal: ExternalObject<Principal>): Array<string>

/** The scopes of claims, by their text. */
export declare function scopesOf(claims: string): Array<string>

/** The session id that a client is given in the place of the service's own. */
export declare function gateBindSession(gate: ExternalObject<GateHandle>, principal: ExternalObject<Principal>, inner: string): string

/** The set of that name. */
export declare function sharedApiKeys(name: string): ExternalObject<ApiKeysHandle>

/** The text of a list's result with what is shown. */
export declare function policyFilterResult(policy: ExternalObject<Policy>, method: string, result: string | Uint8Array, roles: Array<string>, scopes: Array<string>): string

/** The text of the public half's JWK. */
export declare function signingKeyPublicJwk(key: ExternalObject<SigningKeyHandle>): string | null

/** The token's claims: the text of its payload. */
export declare function principalClaims(principal: ExternalObject<Principal>): string | null

/** The token's subject. */
export declare function principalSubject(principal: ExternalObject<Principal>): string | null

/** The version of this module, which must be the package's. */
export declare function version(): string

/** There was no reply in time. */
export declare function fetchUnreachable(fetch: ExternalObject<FetchHandle>, milliseconds: number): FetchedParts | null

/** Times in seconds. */
export interface JwksTimes {
/** Between fetches. */
cooldown?: number | undefined
/** Until a set is fetched anew. */
freshFor?: number | undefined
/** Until one that can't be is no longer used. */
staleFor?: number | undefined
/** Of one GET. */
timeout?: number | undefined
}

/** Units a window, the window in seconds, the most units at once, and whether it is strict (1 or 0). */
export declare function quotaParts(quota: ExternalObject<Quota>): Array<number>

/** What Redis returned: integers, or an error's text; something else where it is neither. */
export declare function askReturned(step: ExternalObject<StepHandle>, integers: Array<number> | undefined | null, error: string | undefined | null, unix: number, milliseconds: number): Array<number>

/** What TypeScript makes a `Verifier` of. */
export interface VerifierParts {
/**
 * `(token, unix, milliseconds)`: the place of a token that was seen; the text `[place,claims]`, or
 * `[place,claims,0]` where there is an array or object among them, of one that was not, with place −1 where it is not
 * kept; or a number below zero that says why it is refused.
 */
verify: (token: unknown, unix: number, milliseconds: number) => number | string
/** The same without a cache: the text of the claims, or a number below zero. */
payload: (token: unknown, unix: number, milliseconds: number) => number | string
/** For what is seldom called. */
handle: ExternalObject<VerifierHandle>
}

/** What a gate is made of. */
export interface GateGiven {
/** Issuers whose keys are fetched. */
issuers: Array<ExternalObject<Issuer>>
/** Keys. */
apiKeys?: ExternalObject<ApiKeysHandle> | undefined
/** Whether the host is asked about others. */
apiKeyLookup: boolean
/** How opaque tokens are asked about. */
introspection?: ExternalObject<IntrospectionHandle> | undefined
/** Who may reach what. */
policy?: ExternalObject<Policy> | undefined
/** What somebody without a credential may reach. */
anonymous?: GrantsGiven | undefined
/** The address the server binds to. */
host?: string | undefined
/** By what URL it is called. */
publicUrl?: string | undefined
/** By what other names. */
allowedHosts: Array<string>
/** Whose pages may call it. */
origins: Array<string>
/** Whose forwarding header is believed. */
trustedProxies: Array<string>
/** Which header that is. */
forwardedHeader?: string | undefined
/** How many bits of an IPv6 address count. */
ipv6Prefix?: number | undefined
/** Who issues tokens for it. */
authorizationServers?: Array<string> | undefined
/** The scopes there are. */
scopesSupported?: Array<string> | undefined
/** The scopes to ask for at first. */
defaultScopes?: Array<string> | undefined
/** Its name, for people. */
resourceName?: string | undefined
/** The header API keys come in. */
apiKeyHeader?: string | undefined
/** Of failed attempts of an address. */
addressQuota?: ExternalObject<Quota> | undefined
/** Of a principal. */
principalQuota?: ExternalObject<Quota> | undefined
/** Of somebody without a credential. */
anonymousQuota?: ExternalObject<Quota> | undefined
/** Further limits. */
limits: Array<ExternalObject<Layer>>
/** How several processes count together. */
sharedLimit?: ExternalObject<Settings> | undefined
/** Bytes. */
bodyLimit?: number | undefined
/** How many tokens are kept as verified. */
cachedTokens?: number | undefined
/** How many revocations there is room for. */
revocations?: number | undefined
}

/** What a key tells of itself. */
export declare function keyInfo(key: ExternalObject<KeyHandle>): KeyInfo

/** What a key tells of itself. */
export interface KeyInfo {
/** The names of the algorithms it is for. */
algorithms: Array<string>
/** Its `kid`. */
kid?: string | undefined
/** Whether it is a shared secret. */
isSecret: boolean
}

/** What a key that signs tells of itself. */
export declare function signingKeyInfo(key: ExternalObject<SigningKeyHandle>): SigningKeyInfo

/** What a key that signs tells of itself. */
export interface SigningKeyInfo {
/** The name of its algorithm. */
algorithm: string
/** The `kid` it names. */
kid?: string | undefined
}

/** What a key without a quota of its own may spend. */
export declare function limiterQuota(limiter: ExternalObject<LimiterHandle>): ExternalObject<Quota>

/** What a limit is made of. */
export interface LimitGiven {
/** Its name. */
name: string
/** Whose bucket it is. */
per: string
/** Patterns. */
tools?: Array<string> | undefined
/** Patterns. */
resources?: Array<string> | undefined
/** Patterns. */
prompts?: Array<string> | undefined
/** Patterns. */
methods?: Array<string> | undefined
/** Of principals with one of these. */
roles?: Array<string> | undefined
/** Units a call. */
cost?: number | undefined
/** How many buckets. */
slots?: number | undefined
}

/** What a limit of several processes is made of. */
export interface SharedLimitGiven {
/** Before every key. */
prefix?: string | undefined
/** `local`, `deny` or `allow`. */
fallback: string
/** How many processes there are. */
instances: number
/** Seconds. */
deadline: number
/** Units taken at once. */
lease: number
}

/** What a set of keys tells of itself. */
export declare function keySetInfo(set: ExternalObject<KeySetHandle>): KeySetInfo

/** What a set of keys tells of itself. */
export interface KeySetInfo {
/** The `kid` of each key; null for a key without one. */
kids: Array<string | undefined | null>
/** What was left out. */
leftOut: Array<LeftOut>
}

/** What an entry is made of. */
export interface ApiKeyGiven {
/** The public id. */
id: string
/** The digest, hexadecimal. */
digest?: string | undefined
/** The caller's name. */
name?: string | undefined
/** Roles. */
roles: Array<string>
/** Scopes. */
scopes: Array<string>
/** A quota of its own. */
quota?: ExternalObject<Quota> | undefined
/** Seconds since the epoch. */
notBefore?: number | undefined
/** Seconds since the epoch. */
expires?: number | undefined
/** Switched off. */
disabled: boolean
/** Of a digest: the key is of doorward's own format. */
strong: boolean
/** Names and values of the host's own. */
metadata: Record<string, string>
}

/** What an entry says. */
export declare function apiKeyParts(key: ExternalObject<ApiKeyHandle>): ApiKeyParts

/** What an entry says. */
export interface ApiKeyParts {
/** The public id. */
id: string
/** The caller's name. */
name: string
/** Roles. */
roles: Array<string>
/** Scopes. */
scopes: Array<string>
/** A quota of its own. */
quota?: ExternalObject<Quota> | undefined
/** Seconds since the epoch. */
notBefore?: number | undefined
/** Seconds since the epoch. */
expires?: number | undefined
/** Switched off. */
disabled: boolean
/** Whether the key is of doorward's own format. */
strong: boolean
/** Names and values of the host's own. */
metadata: Array<Array<string>>
}

/** What an introspection endpoint is to be asked. */
export declare function askIntrospection(step: ExternalObject<StepHandle>): IntrospectionParts | null

/** What an issuer is made of. */
export interface IssuerGiven {
/** Its name. */
name: string
/** Where its keys are. */
jwksUrl?: string | undefined
/** The product it is. */
preset?: PresetGiven | undefined
/** How its claims are read. */
mapping?: MappingGiven | undefined
/** Whom its tokens are for. */
audience?: Array<string> | undefined
/** Read in place of `aud`. */
audienceClaim?: string | undefined
/** Whether its tokens may name nobody. */
allowMissingAudience: boolean
/** Seconds. */
clockTolerance: number
}

/** What came of a fetch. */
export interface FetchedParts {
/** The next GET to do. */
next?: FetchParts | undefined
/** How many keys the set has. */
keys?: number | undefined
/** The keys that can't be used. */
leftOut: Array<LeftOut>
/** Whether the set differs from the one before. */
changed: boolean
/** The code of what failed. */
error?: string | undefined
/** The same in words. */
message?: string | undefined
}

/** What introspection is made of. */
export interface IntrospectionGiven {
/** The endpoint. */
url: string
/** Whose tokens it knows. */
issuer: string
/** Whom a token may be for. */
audience: Array<string>
/** Whether a token may name nobody. */
allowMissingAudience: boolean
/** Seconds. */
clockTolerance: number
/** Seconds an answer may take. */
deadline?: number | undefined
/** Where who, scopes and roles are. */
mapping?: MappingGiven | undefined
}

/** What is revoked of somebody's tokens. */
export interface RevocationGiven {
/** Who issued them. */
issuer: string
/** The subject, or the client. */
subject: string
/** Whether it is a client's that has no subject. */
client: boolean
/** Those issued before that. */
before: number
/** When all of them will have expired. */
until: number
}

/** What somebody may reach: everything, or what the patterns name. */
export interface GrantsGiven {
/** Everything. */
all: boolean
/** Patterns of tools. */
tools?: Array<string> | undefined
/** Patterns of resources. */
resources?: Array<string> | undefined
/** Patterns of prompts. */
prompts?: Array<string> | undefined
/** Patterns of methods. */
methods?: Array<string> | undefined
}

/** What the introspection endpoint answered. */
export declare function askReplied(step: ExternalObject<StepHandle>, status: number, body: string | Uint8Array, unix: number, milliseconds: number): Array<number>

/** What there is to read of a decision. */
export declare function stepDecided(step: ExternalObject<StepHandle>): Decided | null

/** What to GET, and the right to. */
export interface FetchParts {
/** What to GET. */
url: string
/** The most bytes of a reply to read. */
limit: number
/** Seconds the GET may take. */
timeout: number
/** What is told of the reply. */
handle: ExternalObject<FetchHandle>
}

/** What to POST, and where. */
export interface IntrospectionParts {
/** Where to. */
url: string
/** The form, which holds the token. */
body: string
/** The most bytes of an answer to read. */
limit: number
}

/** What to answer at OAuth's well-known addresses. */
export declare function gateWellKnown(gate: ExternalObject<GateHandle>, method: string, path: string): WellKnownAnswer | null

/** What verifies what it signs. */
export declare function signingKeyVerifyingKey(key: ExternalObject<SigningKeyHandle>): ExternalObject<KeyHandle>

/** What would have to be held besides; nothing where they may. */
export interface PolicyRefusal {
/** The scopes that would help. */
scopes: Array<string>
/** Why, for the log. */
reason: string
}

/** When its credential expires, in seconds since the epoch. */
export declare function principalExpires(principal: ExternalObject<Principal>): number | null

/** Where claims are: each path the names that lead to it. */
export interface MappingGiven {
/** Of scopes. */
scopes?: Array<Array<string>> | undefined
/** Of roles. */
roles?: Array<Array<string>> | undefined
/** Of the client of a token without a subject. */
client?: Array<string> | undefined
/** The scopes that may be given. */
onlyScopes?: Array<string> | undefined
/** The roles that may be given. */
onlyRoles?: Array<string> | undefined
}

/** Whether a fetch is under way. */
export declare function jwksIsFetching(jwks: ExternalObject<JwksHandle>, milliseconds: number): boolean

/** Whether a page of that origin may read answers. */
export declare function gateIsListedOrigin(gate: ExternalObject<GateHandle>, origin: string | Uint8Array): boolean

/** Whether any of its key sets is fetched. */
export declare function gateFetches(gate: ExternalObject<GateHandle>): boolean

/** Whether session ids are bound to their principals. */
export declare function gateBindsSessions(gate: ExternalObject<GateHandle>): boolean

/** Whether somebody may reach that. */
export declare function policyIsAllowed(policy: ExternalObject<Policy>, kind: string, name: string, roles: Array<string>, scopes: Array<string>): boolean

/** Whether the keys are still being fetched. */
export declare function askIsWaiting(step: ExternalObject<StepHandle>, unix: number, milliseconds: number): boolean

/** Whether who was admitted before would be now. */
export declare function gateStillGood(gate: ExternalObject<GateHandle>, principal: ExternalObject<Principal>, token: string | Uint8Array, unix: number, milliseconds: number): boolean

/** Which of the names a principal is shown in that list. */
export declare function gateShows(gate: ExternalObject<GateHandle>, principal: ExternalObject<Principal>, method: string, names: Array<string>): Array<boolean>

/** Which of the names are shown in that list. */
export declare function policyShows(policy: ExternalObject<Policy>, method: string, names: Array<string>, roles: Array<string>, scopes: Array<string>): Array<boolean>

/** Who a request is from, as far as that is known. */
export declare function stepPrincipal(step: ExternalObject<StepHandle>): ExternalObject<Principal> | null

/** Who the claims are of, by the mapping of the verifier that a token of theirs was good for; nothing where they name nobody. */
export declare function principalOfClaims(verifier: ExternalObject<VerifierHandle>, claims: string): ExternalObject<Principal> | null

/** Whose an API key is. */
export declare function principalOfKey(key: ExternalObject<ApiKeyHandle>): ExternalObject<Principal>

/** Why core would not take a token of that form; of its payload only where that is to be an object. Nothing where it would. */
export declare function jsonwebtokenForm(token: string, isObject: boolean): string | null

/** Why somebody may not reach that, if they may not. */
export declare function policyRefusal(policy: ExternalObject<Policy>, kind: string, name: string, roles: Array<string>, scopes: Array<string>): PolicyRefusal | null

declare class ApiKeyHandle {
  private readonly is: 'ApiKeyHandle'
}

declare class ApiKeysHandle {
  private readonly is: 'ApiKeysHandle'
}

declare class FetchHandle {
  private readonly is: 'FetchHandle'
}

declare class GateHandle {
  private readonly is: 'GateHandle'
}

declare class IntrospectionHandle {
  private readonly is: 'IntrospectionHandle'
}

declare class Issuer {
  private readonly is: 'Issuer'
}

declare class JwksHandle {
  private readonly is: 'JwksHandle'
}

declare class KeyHandle {
  private readonly is: 'KeyHandle'
}

declare class KeySetHandle {
  private readonly is: 'KeySetHandle'
}

declare class Layer {
  private readonly is: 'Layer'
}

declare class LimiterHandle {
  private readonly is: 'LimiterHandle'
}

declare class Policy {
  private readonly is: 'Policy'
}

declare class Principal {
  private readonly is: 'Principal'
}

declare class Quota {
  private readonly is: 'Quota'
}

declare class Settings {
  private readonly is: 'Settings'
}

declare class SigningKeyHandle {
  private readonly is: 'SigningKeyHandle'
}

declare class StepHandle {
  private readonly is: 'StepHandle'
}

declare class VerifierHandle {
  private readonly is: 'VerifierHandle'
}
