/** The errors, for where jsonwebtoken is not installed: what its own classes are, to whoever catches or prints them. */

/** Any other reason. */
export class JsonWebTokenError extends Error {
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
export class TokenExpiredError extends JsonWebTokenError {
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
export class NotBeforeError extends JsonWebTokenError {
  /** When it begins. */
  date: Date;

  constructor(message: string, date: Date) {
    super(message);
    this.name = 'NotBeforeError';
    this.date = date;
    Error.captureStackTrace(this, new.target);
  }
}
