// Written by scripts/native.mjs from what the native module says of itself.

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
