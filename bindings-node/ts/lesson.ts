/**
 * The helpers and messages of the mcp-academy lesson on authentication, on doorward's core.
 *
 * What the lesson shows and this leaves out: keys as tool arguments and in query strings, one secret for `HS256` and
 * `RS256` alike, and an `admin` who passes every check unasked. The README says why.
 */

export { type ApiKeyMiddleware, type ApiKeyOptions, MCP_API_KEY } from './lesson/keys.js';
export { apiKeyMiddleware, keysFromEnv, requireApiKey } from './lesson/keys.js';
export { DEFAULT_ISSUER, type JwtAuth, type JwtOptions, type User, jwtAuth } from './lesson/jwt.js';
export { type AuthEvent, AuthenticationError, type ToolResult, messages } from './lesson/messages.js';
export { type Begun, OAuthFlow, type OAuthOptions } from './lesson/oauth.js';
export { type IsAllowed, type Kind, type Matrix, type Permissions, rbac } from './lesson/rbac.js';
export { type Arguments, type AuthorizedToolOptions, type HasRoles, type ToolServer } from './lesson/roles.js';
export { authorizedTool, refuseUnless, requireRole } from './lesson/roles.js';
export { REDACTED, type SanitizeOptions, sanitizeOutput } from './lesson/sanitize.js';
export { type TokenRecord } from './lesson/token_endpoint.js';
export { type Caller, callerOf } from './tools.js';
