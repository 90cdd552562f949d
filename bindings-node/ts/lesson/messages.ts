/** The sentences that callers are told, to the letter, and what is thrown with them. */

export const messages = Object.freeze({
  keyRequiredInEnvironment: (variable: string) => `${variable} environment variable is required`,
  keyRequired: Object.freeze({ error: 'Unauthorized', message: 'Valid API key required in X-API-Key header' }),
  headerMalformed: 'Missing or malformed Authorization header',
  tokenExpired: 'Token expired. Please obtain a new token.',
  tokenInvalid: 'Invalid token. Authentication failed.',
  tokenNotValidated: 'Token validation failed.',
  authenticationFailed: 'Authentication failed',
  credentialsInvalid: 'Invalid credentials',
  tokenRequiredByTool: 'Authentication required. Please provide a valid JWT token.',
  accessDenied: (wanted: readonly string[], held: readonly string[]) =>
    `Access denied. This action requires ${wanted.map((role) => `'${role}'`).join(' or ')} role. Your roles: ${shown(held)}`,
  authenticationRequired: 'Authentication required.',
  permissionsInsufficient: (wanted: readonly string[]) =>
    `Insufficient permissions. Required roles: ${wanted.join(', ')}`,
  notAuthenticated: 'Not authenticated. Please complete OAuth flow.',
  authorizationSuccessful: 'Authorization successful. You can close this window.',
});

/** Roles come out of a token, and this is read by a model: no controls, and no more than a line. */
function shown(roles: readonly string[]): string {
  return roles
    .slice(0, 16)
    .map((role) => role.replace(/[^\x20-\x7e]/g, '?').slice(0, 64))
    .join(', ');
}

/** A caller who is not let in: the message may be told, the code is for the operator's log alone. */
export class AuthenticationError extends Error {
  override readonly name = 'AuthenticationError';

  constructor(
    message: string,
    /** The exact reason, as `token_expired`. */
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A tool's result, as both SDKs have it. */
export interface ToolResult {
  [key: string]: unknown;
  content: { type: 'text'; text: string }[];
  isError?: boolean;
}

/** That sentence as a tool's result that is an error. */
export function refusal(text: string): ToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

/** What is logged of every attempt, good or bad: never a key and never a token. */
export interface AuthEvent {
  readonly outcome: 'admitted' | 'refused';
  readonly method: 'api_key' | 'jwt' | 'oauth' | 'tool';
  /** Why not, as `token_expired`. */
  readonly code?: string;
  /** `key:<id>`, or the token's subject. */
  readonly caller?: string;
  /** The tool that was called. */
  readonly tool?: string;
  /** The peer's address. */
  readonly address?: string;
}
