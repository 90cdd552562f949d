/**
 * The client's side of OAuth 2.1: an MCP server that calls another service in its user's name.
 *
 * Redirect to the authorization server, consent, `GET /oauth/callback?code&state`, the code exchanged for tokens, these kept by
 * session and refreshed before they end. Every flow has a state of 256 random bits that is good once and for ten minutes
 * (RFC 6749, section 10.12), a PKCE verifier (RFC 7636, S256) and, begun by `authorize`, is bound to the browser that
 * began it. The tokens are for that other service alone: they say nothing about who calls this server.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { ConfigError } from '../index.js';
import { Bounded } from './bounded.js';
import { type AuthEvent, AuthenticationError, messages } from './messages.js';
import { type TokenRecord, TokenEndpoint } from './token_endpoint.js';

/** Tokens are refreshed when they have less than so long to live, in milliseconds. */
const REFRESH_BEFORE = 60_000;
/** How long a user has to consent, in milliseconds. */
const FLOW_LIFE = 10 * 60_000;
/** How long tokens are kept that nobody asks for, in milliseconds. */
const SESSION_LIFE = 30 * 24 * 3_600_000;
const COOKIE = 'doorward_oauth';

export interface OAuthOptions {
  clientId: string;
  /** Without one this is a public client, and PKCE alone protects the code. */
  clientSecret?: string;
  /** Where browsers reach this server, as `https://mcp.example`; the callback is under it. */
  serverUrl: string;
  authorizationEndpoint: string;
  tokenEndpoint: string;
  /** What is asked for. */
  scopes?: readonly string[];
  /** The authorization server's issuer: a callback that names another one is refused (RFC 9207). */
  issuer?: string;
  /** `/oauth/callback` */
  callbackPath?: string;
  /**
   * Use the state as the session's name. It goes through the browser's history and the authorization server's log, so
   * that a session's name is no secret then: never take it from a client as proof of who they are.
   */
  sessionIsState?: boolean;
  /** The sessions and the flows that are kept, of each: 10,000. The oldest goes first. */
  size?: number;
  fetch?: typeof fetch;
  /** Milliseconds since the epoch: `Date.now`. */
  now?: () => number;
  log?: (event: AuthEvent) => void;
}

/** A flow that has begun. */
export interface Begun {
  /** Where to send the browser. */
  readonly url: string;
  /** What the tokens will be kept by. */
  readonly session: string;
  /** What binds the flow to a browser, where it is: the value of a cookie. */
  readonly browser?: string;
}

interface Flow {
  readonly session: string;
  readonly verifier: string;
  readonly browser: string | undefined;
}

export class OAuthFlow {
  readonly #options: OAuthOptions;
  readonly #endpoint: TokenEndpoint;
  readonly #redirect: URL;
  readonly #flows: Bounded<Flow>;
  readonly #sessions: Bounded<TokenRecord>;
  readonly #refreshing = new Map<string, Promise<TokenRecord>>();
  readonly #now: () => number;

  /** Throws `ConfigError`: something is missing, or an address is neither HTTPS nor on loopback. */
  constructor(options: OAuthOptions) {
    for (const name of ['clientId', 'serverUrl', 'authorizationEndpoint', 'tokenEndpoint'] as const) {
      if (typeof options[name] !== 'string' || options[name] === '') throw new ConfigError(`${name} is required`);
    }
    for (const name of ['serverUrl', 'authorizationEndpoint', 'tokenEndpoint'] as const) safe(options[name], name);
    this.#options = options;
    this.#redirect = new URL(options.callbackPath ?? '/oauth/callback', options.serverUrl);
    this.#now = options.now ?? Date.now;
    this.#endpoint = new TokenEndpoint(options, this.#redirect.href, this.#now);
    this.#flows = new Bounded(options.size ?? 10_000, FLOW_LIFE);
    this.#sessions = new Bounded(options.size ?? 10_000, SESSION_LIFE);
  }

  /** By `OAUTH_CLIENT_ID`, `OAUTH_CLIENT_SECRET` and `SERVER_URL`. Throws `ConfigError`: one of them is not set. */
  static fromEnv(
    options: Omit<OAuthOptions, 'clientId' | 'clientSecret' | 'serverUrl'>,
    env: Readonly<Record<string, string | undefined>> = process.env,
  ): OAuthFlow {
    const [clientId, clientSecret, serverUrl] = ['OAUTH_CLIENT_ID', 'OAUTH_CLIENT_SECRET', 'SERVER_URL'].map((name) => {
      const value = env[name]?.trim();
      if (!value) throw new ConfigError(`${name} is not set`);
      return value;
    }) as [string, string, string];
    return new OAuthFlow({ ...options, clientId, clientSecret, serverUrl });
  }

  /**
   * Begins a flow. Its tokens will be kept by `session`, a name of the host's own for whoever asked (a principal's id), or
   * by a random one.
   *
   * A link that is handed out, as by a tool, belongs to no browser: whoever follows it puts *their* tokens into this session.
   * Where the link opens on this server, let it lead to `authorize`.
   */
  begin(session?: string): Begun {
    return this.#begin(session, undefined);
  }

  #begin(session: string | undefined, browser: string | undefined): Begun {
    const { clientId, scopes = [], authorizationEndpoint, sessionIsState = false } = this.#options;
    const [state, verifier] = [random(), random()];
    const name = session ?? (sessionIsState ? state : random());
    this.#flows.set(state, { session: name, verifier, browser }, this.#now());
    const url = new URL(authorizationEndpoint);
    const parameters: Record<string, string> = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: this.#redirect.href,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    };
    for (const [parameter, value] of Object.entries(parameters)) url.searchParams.set(parameter, value);
    return { url: url.href, session: name, ...(browser === undefined ? {} : { browser }) };
  }

  /**
   * Ends a flow by what the callback was given, and keeps its tokens. Throws `AuthenticationError`: the state is not one of
   * ours, was used or is too old, the user refused, or the code was not taken.
   */
  async finish(
    query: { code?: unknown; state?: unknown; error?: unknown; iss?: unknown },
    browser?: string,
  ): Promise<{ session: string; tokens: TokenRecord }> {
    const flow = typeof query.state === 'string' ? this.#flows.take(query.state, this.#now()) : undefined;
    if (flow === undefined || (flow.browser !== undefined && !same(flow.browser, browser ?? ''))) {
      throw this.#refused('state_unknown');
    }
    const { issuer } = this.#options;
    if (issuer !== undefined && query.iss !== undefined && query.iss !== issuer) throw this.#refused('issuer_mismatch');
    if (query.error !== undefined) throw this.#refused('consent_refused');
    if (typeof query.code !== 'string' || query.code === '') throw this.#refused('code_missing');
    const tokens = await this.#endpoint.exchange(query.code, flow.verifier).catch((error: unknown) => {
      throw this.#refused(error instanceof AuthenticationError ? error.code : 'token_endpoint_unavailable');
    });
    this.#sessions.set(flow.session, tokens, this.#now());
    this.#options.log?.({ outcome: 'admitted', method: 'oauth', caller: flow.session });
    return { session: flow.session, tokens };
  }

  #refused(code: string): AuthenticationError {
    this.#options.log?.({ outcome: 'refused', method: 'oauth', code });
    return new AuthenticationError(messages.authenticationFailed, code);
  }

  /**
   * The access token of a session, refreshed where it has less than a minute to live. Throws an `AuthenticationError` that says
   * `Not authenticated. Please complete OAuth flow.` where there is none, or it can't be refreshed.
   */
  async accessToken(session: string): Promise<string> {
    return (await this.tokens(session)).accessToken;
  }

  /** The whole record; otherwise as `accessToken`. */
  async tokens(session: string): Promise<TokenRecord> {
    const record = this.#sessions.get(session, this.#now());
    if (record === undefined) throw new AuthenticationError(messages.notAuthenticated, 'session_unknown');
    if (record.expiresAt - this.#now() >= REFRESH_BEFORE) return record;
    // One refresh at a time: many a server takes a refresh token once.
    let refreshing = this.#refreshing.get(session);
    if (refreshing === undefined) {
      refreshing = this.#refresh(session, record).finally(() => this.#refreshing.delete(session));
      this.#refreshing.set(session, refreshing);
    }
    return refreshing;
  }

  async #refresh(session: string, record: TokenRecord): Promise<TokenRecord> {
    try {
      if (record.refreshToken === undefined)
        throw new AuthenticationError(messages.notAuthenticated, 'refresh_token_missing');
      const tokens = await this.#endpoint.refresh(record);
      // Whoever signed out meanwhile has signed out.
      if (this.#sessions.get(session, this.#now()) === record) this.#sessions.set(session, tokens, this.#now());
      return tokens;
    } catch (error) {
      // The old one is good until it ends, whatever became of the refresh.
      if (record.expiresAt > this.#now()) return record;
      const code = error instanceof AuthenticationError ? error.code : 'token_endpoint_unavailable';
      // An outage ends nobody's session; a refusal does.
      if (code !== 'token_endpoint_unavailable') this.#sessions.delete(session);
      this.#options.log?.({ outcome: 'refused', method: 'oauth', caller: session, code });
      throw new AuthenticationError(messages.notAuthenticated, code);
    }
  }

  /** Forgets a session's tokens. */
  forget(session: string): void {
    this.#sessions.delete(session);
  }

  /**
   * `GET /oauth/authorize`: begins a flow for the browser that asks, and sends it on. `sessionOf` says by what its tokens are
   * kept, as the id of a signed-in user; a random name unless it is given.
   */
  authorize(sessionOf?: (request: Request) => string | undefined): RequestHandler {
    return (request, response) => {
      const begun = this.#begin(sessionOf?.(request), random());
      response.setHeader('set-cookie', this.#cookie(begun.browser ?? '', FLOW_LIFE / 1000));
      response.setHeader('cache-control', 'no-store');
      response.redirect(302, begun.url);
    };
  }

  /**
   * `GET /oauth/callback`: ends the flow with `Authorization successful. You can close this window.`, or 400. `onSession` is told
   * by what the tokens are kept.
   */
  callback(onSession?: (session: string, request: Request) => void): RequestHandler {
    return (request, response, next) => {
      const query = Object.fromEntries(new URLSearchParams(/\?(.*)/s.exec(request.originalUrl)?.[1]));
      this.finish(query, cookieOf(request)).then(
        ({ session }) => {
          onSession?.(session, request);
          response.setHeader('set-cookie', this.#cookie('', 0));
          this.#page(response, 200, messages.authorizationSuccessful);
        },
        (error: unknown) => {
          if (error instanceof AuthenticationError) this.#page(response, 400, error.message);
          else next(error);
        },
      );
    };
  }

  #page(response: Response, status: number, text: string): void {
    response.setHeader('cache-control', 'no-store');
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('content-security-policy', "default-src 'none'");
    response.status(status).type('text/plain').send(text);
  }

  #cookie(value: string, seconds: number): string {
    const secure = this.#redirect.protocol === 'https:' ? '; Secure' : '';
    // Lax, for the authorization server's redirect comes from another site.
    return `${COOKIE}=${value}; Path=${this.#redirect.pathname}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
  }
}

function random(): string {
  return randomBytes(32).toString('base64url');
}

function same(expected: string, given: string): boolean {
  const [a, b] = [expected, given].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(a as Buffer, b as Buffer);
}

function cookieOf(request: Request): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === COOKIE) return value;
  }
  return undefined;
}

/** HTTPS, or loopback: codes and tokens go there. */
function safe(address: string, name: string): void {
  if (!URL.canParse(address)) throw new ConfigError(`${name} is not an address`);
  const { protocol, hostname } = new URL(address);
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && loopback)) {
    throw new ConfigError(`${name} must begin with https://, but on loopback`);
  }
}
