// The credentials and settings that the tests share, and tokens made without doorward's own code.
import { createHmac } from "node:crypto";

export const USER_KEY = "user-key-4f1d0c77a2b94e";
export const ADMIN_KEY = "admin-key-9b3e55f0c81d7a";
const SECRET = "in-a-browser secret, 0123456789abcdef, 50 bytes...";
const ISSUER = "https://issuer.example";
const AUDIENCE = "https://mcp.example/mcp";
const WINDOW_MS = "3600000";

/** So that nothing flows back while a test runs, and counts are exact. */
export const SETTINGS = {
  API_KEYS: USER_KEY,
  ADMIN_API_KEYS: ADMIN_KEY,
  JWT_SECRET: SECRET,
  JWT_ISSUER: ISSUER,
  JWT_AUDIENCE: AUDIENCE,
  OAUTH_ISSUER: "https://as.example",
  PREAUTH_RATE_LIMIT_WINDOW_MS: WINDOW_MS,
  RATE_LIMIT_WINDOW_MS: WINDOW_MS,
};

/** What must not be in any log. */
export const SECRETS = [USER_KEY, ADMIN_KEY, SECRET];

/** An HS256 token (RFC 7515) of role user; `expires` in seconds from now. */
export function token(subject, { expires = 600, role = "user" } = {}) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: subject, role, iat: now - 60, exp: now + expires };
  const signed = [{ alg: "HS256", typ: "JWT" }, claims].map((part) => encode(JSON.stringify(part))).join(".");
  return `${signed}.${encode(createHmac("sha256", SECRET).update(signed).digest())}`;
}

function encode(bytes) {
  return Buffer.from(bytes).toString("base64url");
}
