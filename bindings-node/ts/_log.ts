/** What a door tells its operator. */

/**
 * Something for the log: a decision, as a line of JSON; or something that should be seen to, with its code. Never a token, a
 * key, or anything else that is secret.
 */
export type LogEvent =
  | { readonly type: 'audit'; readonly line: string }
  | { readonly type: 'warning'; readonly code: string; readonly message: string };

/** Where it goes. */
export type Log = (event: LogEvent) => void;

/** Tells of something that should be seen to. @internal */
export type Warn = (code: string, message: string) => void;

/** The same log, where what it throws is nobody's error: of a request least of all. @internal */
export function safely(log: Log): Log {
  const failed = (error: unknown): void => {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
    process.emitWarning(`the log of a door failed: ${what}`, { type: 'DoorwardWarning' });
  };
  return (event) => {
    try {
      const done: unknown = log(event);
      if (done instanceof Promise) done.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}

/** Warnings of the process, unless there is a log. @internal */
export function warner(log: Log | undefined): Warn {
  if (log !== undefined) return (code, message) => log({ type: 'warning', code, message });
  return (code, message) => process.emitWarning(message, { type: 'DoorwardWarning', code });
}
