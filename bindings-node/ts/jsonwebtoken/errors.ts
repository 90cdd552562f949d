/**
 * Why a token is refused: jsonwebtoken's own classes where it is installed, so that `instanceof` of either module knows the
 * errors of both. No more of it is loaded than those three small files. An app that has it in two places has two sets of its
 * classes, as it has without doorward; the set here is the one that doorward's own folder finds.
 */

import { createRequire } from 'node:module';

/** Any other reason. */
class OwnJsonWebTokenError extends Error {
  /** What went wrong below. */
  declare inner: Error;

  constructor(message: string, error?: Error) {
    super(message);
    // Name and message in this order, and seen by `JSON.stringify`: apps answer with errors as they are.
    delete (this as { message?: string }).message;
    this.name = 'JsonWebTokenError';
    this.message = message;
    if (error) this.inner = error;
    Error.captureStackTrace(this, new.target);
  }
}

/** `exp` is past, or the token older than the maximum age. */
class OwnTokenExpiredError extends OwnJsonWebTokenError {
  /** When it ended. */
  expiredAt: Date;

  constructor(message: string, expiredAt: Date) {
    super(message);
    this.name = 'TokenExpiredError';
    this.expiredAt = expiredAt;
    Error.captureStackTrace(this, new.target);
  }
}

/** `nbf` lies ahead. */
class OwnNotBeforeError extends OwnJsonWebTokenError {
  /** When it begins. */
  date: Date;

  constructor(message: string, date: Date) {
    super(message);
    this.name = 'NotBeforeError';
    this.date = date;
    Error.captureStackTrace(this, new.target);
  }
}

interface Classes {
  JsonWebTokenError: typeof OwnJsonWebTokenError;
  TokenExpiredError: typeof OwnTokenExpiredError;
  NotBeforeError: typeof OwnNotBeforeError;
}

const OWN: Classes = {
  JsonWebTokenError: OwnJsonWebTokenError,
  TokenExpiredError: OwnTokenExpiredError,
  NotBeforeError: OwnNotBeforeError,
};

/** jsonwebtoken's, all of them or none. Nothing else of that name has these files. */
function installed(): Classes | undefined {
  const load = createRequire(__filename);
  try {
    const names = Object.keys(OWN) as (keyof Classes)[];
    return Object.fromEntries(names.map((name) => [name, load(`jsonwebtoken/lib/${name}`)])) as unknown as Classes;
  } catch {
    return undefined;
  }
}

export const { JsonWebTokenError, TokenExpiredError, NotBeforeError } = installed() ?? OWN;
export type JsonWebTokenError = OwnJsonWebTokenError;
export type TokenExpiredError = OwnTokenExpiredError;
export type NotBeforeError = OwnNotBeforeError;
