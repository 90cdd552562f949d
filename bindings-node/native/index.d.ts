// Written by scripts/native.mjs from what the native module says of itself.

/** A value of the native module, for it alone to look into. */
export declare class ExternalObject<T> {
  private readonly of: T
}

/**
 * What verifies by that key and algorithm: `(message, signature)` gives 1 where the signature holds, 0 where it doesn't, and
 * a number below zero where one of them is neither string nor bytes.
 */
export declare function signatureVerifier(key: ExternalObject<KeyHandle>, algorithm: string): (message: string | Uint8Array, signature: Uint8Array) => number

/** A JWS of any payload. */
export declare function signingKeySignJws(key: ExternalObject<SigningKeyHandle>, payload: string | Uint8Array): string

/** A key of a JWK Set that can't be used. */
export interface LeftOut {
/** Its place in the set, counted from 0. */
place: number
/** Why, by its code. */
code: string
}

/** A private key from DER. */
export declare function signingKeyFromDer(der: Uint8Array, algorithm: string, kid?: string, tokenType?: string): ExternalObject<SigningKeyHandle>

/** A private key from PEM. */
export declare function signingKeyFromPem(pem: string, algorithm: string, kid?: string, tokenType?: string): ExternalObject<SigningKeyHandle>

/** A private key in whatever form. */
export declare function signingKeyFromPrivate(key: string | Uint8Array, algorithm?: string, kid?: string, tokenType?: string): ExternalObject<SigningKeyHandle>

/** A private key or a secret from a JWK's text. */
export declare function signingKeyFromJwk(jwk: string, tokenType?: string): ExternalObject<SigningKeyHandle>

/** A public key from DER. */
export declare function keyFromDer(der: Uint8Array, algorithms: string[], kid?: string): ExternalObject<KeyHandle>

/** A public key from PEM. */
export declare function keyFromPem(pem: string, algorithms: string[], kid?: string): ExternalObject<KeyHandle>

/** A public key in whatever form. */
export declare function keyFromPublic(key: string | Uint8Array, algorithms: string[], kid?: string): ExternalObject<KeyHandle>

/** A public key or a secret from a JWK's text. */
export declare function keyFromJwk(jwk: string): ExternalObject<KeyHandle>

/** A secret that signs, of any length but none. */
export declare function signingKeyFromShortSecret(secret: string | Uint8Array, algorithm: string): ExternalObject<SigningKeyHandle>

/** A secret that signs. */
export declare function signingKeyFromSecret(secret: string | Uint8Array, algorithm: string, kid?: string, tokenType?: string): ExternalObject<SigningKeyHandle>

/** A set at an address or of an issuer. */
export declare function jwks(url: string | undefined, issuer: string | undefined, times: JwksTimes): ExternalObject<JwksHandle>

/** A set of keys. */
export declare function keySet(keys: Array<ExternalObject<KeyHandle>>): ExternalObject<KeySetHandle>

/** A shared secret. */
export declare function keyFromSecret(secret: string | Uint8Array, algorithm: string, kid?: string, allowShort?: boolean): ExternalObject<KeyHandle>

/** A token of the text of a JSON object. */
export declare function signingKeySign(key: ExternalObject<SigningKeyHandle>, claims: string, withoutExpiry: boolean): string

/** A verifier with keys of its own, or with keys that are fetched. */
export declare function verifier(secret: string | Uint8Array | undefined, allowShortSecret: boolean, publicKey: string | Uint8Array | undefined, keys: ExternalObject<KeySetHandle> | undefined, jwks: ExternalObject<JwksHandle> | undefined, rules: VerifierRules): VerifierParts

/** Drops the right to fetch: it counts as failed. */
export declare function fetchDropped(fetch: ExternalObject<FetchHandle>): void

/** Every reason a token is refused for, in the order of their numbers. */
export declare function tokenErrors(): Array<Refusal>

/** Forgets every token: the array may be emptied. */
export declare function verifierClear(verifier: ExternalObject<VerifierHandle>): void

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

/** How it stands. */
export declare function jwksStanding(jwks: ExternalObject<JwksHandle>, milliseconds: number): StandingParts

/** One of the refusals. */
export interface Refusal {
/** The name of its class. */
class: string
/** Its code. */
code: string
/** Its message. */
message: string
}

/** The fetch that is due. */
export declare function jwksRefresh(jwks: ExternalObject<JwksHandle>, milliseconds: number): FetchParts | null

/** The fetch to do because a key is lacking. */
export declare function jwksFetch(jwks: ExternalObject<JwksHandle>, milliseconds: number): FetchParts | null

/** The issuer whose set it is. */
export declare function jwksIssuer(jwks: ExternalObject<JwksHandle>): string | null

/** The keys of a JWK Set's text. */
export declare function keySetFromJwks(jwks: string): ExternalObject<KeySetHandle>

/** The message's signature. */
export declare function signBytes(key: ExternalObject<SigningKeyHandle>, message: string | Uint8Array): Buffer

/** The payload of a JWS that the key verifies. */
export declare function keyVerifyJws(key: ExternalObject<KeyHandle>, jws: string | Uint8Array): Buffer

/** The reply was too long. */
export declare function fetchTooLarge(fetch: ExternalObject<FetchHandle>, milliseconds: number): FetchedParts | null

/** The reply's status and body. Nothing where the fetch was used before. */
export declare function fetchReplied(fetch: ExternalObject<FetchHandle>, status: number, body: string | Uint8Array, milliseconds: number): FetchedParts | null

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

/** The scopes of claims, by their text. */
export declare function scopesOf(claims: string): Array<string>

/** The text of the public half's JWK. */
export declare function signingKeyPublicJwk(key: ExternalObject<SigningKeyHandle>): string | null

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

/** What a set of keys tells of itself. */
export declare function keySetInfo(set: ExternalObject<KeySetHandle>): KeySetInfo

/** What a set of keys tells of itself. */
export interface KeySetInfo {
/** The `kid` of each key; null for a key without one. */
kids: Array<string | undefined | null>
/** What was left out. */
leftOut: Array<LeftOut>
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

/** What verifies what it signs. */
export declare function signingKeyVerifyingKey(key: ExternalObject<SigningKeyHandle>): ExternalObject<KeyHandle>

/** Whether a fetch is under way. */
export declare function jwksIsFetching(jwks: ExternalObject<JwksHandle>, milliseconds: number): boolean

declare class FetchHandle {
  private readonly is: 'FetchHandle'
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

declare class SigningKeyHandle {
  private readonly is: 'SigningKeyHandle'
}

declare class VerifierHandle {
  private readonly is: 'VerifierHandle'
}
