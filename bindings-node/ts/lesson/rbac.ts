/** A matrix of roles: which tools, resources and prompts each may use. The gate's `Policy` decides. */

import { Policy } from '../index.js';

/** What there is to be allowed. */
export type Kind = 'tools' | 'resources' | 'prompts';

/** What a role may use: names, `prefix*`, or `*` for all of a kind. */
export type Permissions = Readonly<Partial<Record<Kind, readonly string[]>>>;

/** Roles and what they may use. */
export type Matrix = Readonly<Record<string, Permissions>>;

/** Whether a role may use the tool, resource or prompt of that name. Unknown roles and kinds may not. */
export type IsAllowed = (role: string, type: Kind, name: string) => boolean;

const SINGULAR = new Map<string, 'tool' | 'resource' | 'prompt'>([
  ['tools', 'tool'],
  ['resources', 'resource'],
  ['prompts', 'prompt'],
]);

/**
 * The question, for a matrix. What is not in it is denied, roles with the names of JavaScript's own members included. Later
 * changes of the matrix change nothing.
 *
 * ```ts
 * const isAllowed = rbac({
 *   viewer: { tools: ['search'], resources: ['*'] },
 *   editor: { tools: ['search', 'edit'], resources: ['*'], prompts: ['*'] },
 *   admin: { tools: ['*'], resources: ['*'], prompts: ['*'] },
 * });
 * isAllowed('viewer', 'tools', 'edit'); // false
 * ```
 *
 * The gate takes the same: `new Policy({ roles: matrix })`. Throws `ConfigError`: a pattern that can't be one.
 */
export function rbac(matrix: Matrix): IsAllowed {
  const policy = new Policy({ roles: matrix });
  return (role, type, name) => {
    const kind = SINGULAR.get(type);
    return kind !== undefined && typeof role === 'string' && policy.isAllowed(kind, name, { roles: [role] });
  };
}
