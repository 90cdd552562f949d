/**
 * xmcp's built-in middleware with xmcp's options and answers, on doorward's core, and a provider shaped like
 * `@xmcp-dev/auth0`'s.
 *
 * ```ts
 * // src/middleware.ts
 * import { jwtAuthMiddleware } from 'doorward/xmcp';
 *
 * export default jwtAuthMiddleware({ secret: process.env.JWT_SECRET!, algorithms: ['HS256'] });
 * ```
 *
 * What differs: keys are compared in constant time, a scheme's case is of no account, a header that is there twice is
 * refused, and a key or a secret that is empty or missing is an error when the server starts.
 */

export { type AuthInfo, type UserClaims, type WithRequest, getAuthInfo, withRequest } from './xmcp/context.js';
export { type ApiKeyConfig, apiKeyAuthMiddleware } from './xmcp/api_key.js';
export { type JWTAuthMiddlewareConfig, jwtAuthMiddleware } from './xmcp/jwt.js';
export { type Auth0Config, type Auth0Middleware, auth0Config, auth0Provider } from './xmcp/auth0.js';
