// Written by scripts/native.mjs from what the native module says of itself.

/** The version of this module, which must be the package's. */
export declare function version(): string
