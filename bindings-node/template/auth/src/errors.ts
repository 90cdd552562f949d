/** What may be told of an error. */

/** A fault that callers may read of: its message is a sentence of this server's own. */
export class ToolError extends Error {}

/**
 * The sentence for an error that goes to a caller. What libraries, databases and the file system say stays here: it names
 * files, hosts and queries, and now and then a secret.
 */
export function formatAuthError(error: unknown): string {
  return error instanceof ToolError ? error.message : 'The request could not be handled.';
}
