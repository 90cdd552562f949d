// Written by scripts/native.mjs from what the native module says of itself.

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

/** Every reason a token is refused for, in the order of their numbers. */
export declare function tokenErrors(): Array<Refusal>

/** One of the refusals. */
export interface Refusal {
/** The name of its class. */
class: string
/** Its code. */
code: string
/** Its message. */
message: string
}

/** The version of this module, which must be the package's. */
export declare function version(): string

/** Why core would not take a token of that form; of its payload only where that is to be an object. Nothing where it would. */
export declare function jsonwebtokenForm(token: string, isObject: boolean): string | null
