/**
 * What is asked of an authorization server's token endpoint (RFC 6749, sections 4.1.3 and 6), and what its answers may be.
 *
 * Requests follow no redirects and have ten seconds; answers have 64 KiB and must name a bearer token. Nothing of an answer
 * gets into an error.
 */

import { AuthenticationError, messages } from './messages.js';

/** Milliseconds. */
const TIMEOUT = 10_000;
/** Bytes. */
const LONGEST_ANSWER = 64 * 1024;
/** How long a token is taken to live whose server does not say, in seconds. */
const DEFAULT_LIFE = 3600;

/** The tokens of a session. */
export interface TokenRecord {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly scopes: readonly string[];
}

interface Options {
  clientId: string;
  clientSecret?: string;
  tokenEndpoint: string;
  scopes?: readonly string[];
  fetch?: typeof fetch;
}

export class TokenEndpoint {
  constructor(
    private readonly options: Options,
    private readonly redirect: string,
    private readonly now: () => number,
  ) {}

  /** The tokens for a code. Throws `AuthenticationError`: the server refuses, or its answer is none. */
  exchange(code: string, verifier: string): Promise<TokenRecord> {
    return this.ask(
      { grant_type: 'authorization_code', code, redirect_uri: this.redirect, code_verifier: verifier },
      { refreshToken: undefined, scopes: this.options.scopes ?? [] },
    );
  }

  /** New tokens by an old record; its refresh token stays where the server gives no other. */
  refresh(record: TokenRecord): Promise<TokenRecord> {
    return this.ask({ grant_type: 'refresh_token', refresh_token: record.refreshToken ?? '' }, record);
  }

  private async ask(
    parameters: Record<string, string>,
    before: Pick<TokenRecord, 'refreshToken' | 'scopes'>,
  ): Promise<TokenRecord> {
    const { clientId, clientSecret, tokenEndpoint } = this.options;
    const body = new URLSearchParams({ ...parameters, client_id: clientId });
    if (clientSecret !== undefined) body.set('client_secret', clientSecret);
    const asked = this.now();
    const response = await (this.options.fetch ?? fetch)(tokenEndpoint, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: body.toString(),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (response.status >= 500 || response.status === 429) {
      await response.body?.cancel();
      throw refused('token_endpoint_unavailable');
    }
    const answer = await json(response);
    if (!response.ok) throw refused('grant_refused');
    return record(answer, before, asked);
  }
}

function record(
  answer: Readonly<Record<string, unknown>>,
  before: Pick<TokenRecord, 'refreshToken' | 'scopes'>,
  asked: number,
): TokenRecord {
  const { access_token: accessToken, refresh_token: refreshToken, token_type: type, expires_in: life, scope } = answer;
  if (typeof accessToken !== 'string' || !/^[\x21-\x7e]+$/.test(accessToken)) throw refused('token_answer_invalid');
  if (typeof type === 'string' && type.toLowerCase() !== 'bearer') throw refused('token_type_unsupported');
  const seconds = typeof life === 'number' && life > 0 && life < 1e9 ? life : DEFAULT_LIFE;
  return Object.freeze({
    accessToken,
    refreshToken: typeof refreshToken === 'string' && refreshToken !== '' ? refreshToken : before.refreshToken,
    expiresAt: asked + seconds * 1000,
    scopes: Object.freeze(typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [...before.scopes]),
  });
}

async function json(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > LONGEST_ANSWER) throw refused('token_answer_invalid');
    chunks.push(chunk);
  }
  try {
    const answer: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof answer === 'object' && answer !== null && !Array.isArray(answer))
      return answer as Record<string, unknown>;
  } catch {
    // Falls through: what it was is nobody's business.
  }
  throw refused('token_answer_invalid');
}

function refused(code: string): AuthenticationError {
  return new AuthenticationError(messages.authenticationFailed, code);
}
