/** What somebody must have for a route or a tool. */

import type { Answer } from './_answer.js';
import { ConfigError } from './index.js';

/** Of scopes all, of roles one, where any are named. */
export interface Needs {
  readonly scopes?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
}

/** What somebody has. */
export interface Has {
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
}

/** RFC 6749 §3.3: what a scope may be of, so that a challenge that names it is well-formed. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** All of these scopes, and one of these roles, where any are named. */
export class Requirement {
  readonly scopes: readonly string[];
  readonly roles: readonly string[];

  /** Throws `ConfigError`: nothing is required, a string for a list, a scope with characters none may have. */
  constructor(needs: Needs) {
    const { scopes = [], roles = [] } = needs;
    if (!isNames(scopes) || !isNames(roles)) throw new ConfigError('scopes and roles are lists of names');
    if (scopes.length === 0 && roles.length === 0) {
      throw new ConfigError('name a scope or a role: what requires nothing protects nothing');
    }
    if (!scopes.every((scope) => SCOPE.test(scope))) {
      throw new ConfigError('a scope is of printable ASCII, without spaces, quotes and backslashes');
    }
    this.scopes = Object.freeze([...scopes]);
    this.roles = Object.freeze([...roles]);
  }

  /** What to refuse somebody with these for; nothing where they have what it takes. */
  lacking(has: Has): 'insufficient_scope' | 'forbidden' | undefined {
    if (!this.scopes.every((scope) => has.scopes.includes(scope))) return 'insufficient_scope';
    if (this.roles.length > 0 && !this.roles.some((role) => has.roles.includes(role))) return 'forbidden';
    return undefined;
  }

  /** The answer to whoever lacks it: 403, with a challenge that names the scopes (RFC 6750 §3.1), or without. */
  refusal(lacking: 'insufficient_scope' | 'forbidden', metadata?: string): Answer {
    const headers: [string, string][] = [
      ['content-type', 'application/json'],
      ['cache-control', 'no-store'],
    ];
    if (lacking === 'insufficient_scope') {
      const more = metadata === undefined ? '' : `, resource_metadata="${metadata}"`;
      const challenge = `Bearer error="insufficient_scope", scope="${this.scopes.join(' ')}"${more}`;
      headers.push(['www-authenticate', challenge]);
    }
    return { status: 403, headers, body: JSON.stringify({ error: lacking, error_description: SENTENCES[lacking] }) };
  }
}

const SENTENCES = {
  insufficient_scope: 'The credential lacks a scope that this needs.',
  forbidden: 'The credential does not allow this.',
};

function isNames(names: unknown): names is readonly string[] {
  return Array.isArray(names) && names.every((name) => typeof name === 'string');
}
