/**
 * CORS by the gate's own list of origins, `CORS_ORIGINS` (the Fetch standard, 3.2), as options for the framework's own middleware.
 *
 * ```js
 * app.use(cors(corsOptions(gate)));                  // Express and node:http, by the package cors
 * app.register(cors, corsOptions(gate));             // Fastify, by @fastify/cors
 * app.use('/mcp', cors(honoCorsOptions(gate)));      // Hono, by hono/cors
 * app.use(guard(gate));
 * ```
 *
 * It stands before the guard: a preflight then needs no credential, and a page of a listed origin can read a refusal. Other
 * origins get no CORS here, and 403 from the guard. OAuth's metadata is any page's to read, which the guard sees to: so
 * Hono's, which answers every preflight by itself, goes where the MCP endpoint is.
 */

/** What a page's request may carry beyond the simple headers, the API-key header aside. */
const SENT = [
  'authorization',
  'content-type',
  'accept',
  'mcp-protocol-version',
  'mcp-session-id',
  'mcp-method',
  'mcp-name',
  'last-event-id',
] as const;

/** What a page may read of the answer. */
const READ = [
  'www-authenticate',
  'retry-after',
  'mcp-session-id',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'ratelimit',
  'ratelimit-policy',
] as const;

const METHODS = ['GET', 'POST', 'DELETE'] as const;
/** For how long a browser may remember a preflight, in seconds. */
const REMEMBERED = 600;

/** What is asked of a `Gate`. */
export interface Listing {
  readonly apiKeyHeader: string;
  isListedOrigin(origin: string): boolean;
}

/** Options as the packages `cors` and `@fastify/cors` take them. */
export interface CorsOptions {
  origin: (origin: string | undefined, tell: (error: null, allowed: boolean) => void) => void;
  methods: string[];
  allowedHeaders: string[];
  exposedHeaders: string[];
  credentials: true;
  /** Seconds. */
  maxAge: number;
}

/** Options as `hono/cors` takes them. */
export interface HonoCorsOptions {
  origin: (origin: string) => string | null;
  allowMethods: string[];
  allowHeaders: string[];
  exposeHeaders: string[];
  credentials: true;
  /** Seconds. */
  maxAge: number;
}

/** Options for the packages `cors` and `@fastify/cors`. */
export function corsOptions(gate: Listing): CorsOptions {
  return {
    // Who is no page says no origin, and needs nothing.
    origin: (origin, tell) => tell(null, origin !== undefined && gate.isListedOrigin(origin)),
    methods: [...METHODS],
    allowedHeaders: [...SENT, gate.apiKeyHeader],
    exposedHeaders: [...READ],
    credentials: true,
    maxAge: REMEMBERED,
  };
}

/** Options for `hono/cors`. */
export function honoCorsOptions(gate: Listing): HonoCorsOptions {
  return {
    origin: (origin) => (gate.isListedOrigin(origin) ? origin : null),
    allowMethods: [...METHODS],
    allowHeaders: [...SENT, gate.apiKeyHeader],
    exposeHeaders: [...READ],
    credentials: true,
    maxAge: REMEMBERED,
  };
}
