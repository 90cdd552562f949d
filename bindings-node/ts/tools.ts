/**
 * Guards for single tools, with either official SDK: by the caller that the gate, or a token verifier, has put there.
 *
 * ```js
 * authorizedTool(server, { roles: ['admin'] })('shut_down', { description: '…' }, async () => …);
 * ```
 *
 * Whoever lacks what a tool needs gets a tool result that is an error. The gate's own policy can say the same, and answers 403, by
 * which clients know to ask for more scopes: prefer it where there is a gate.
 */

import type { AuthExtra, AuthInfo } from './_auth_info.js';
import { ConfigError, DoorwardError, type Kind, type ListMethod, type Policy, type Principal } from './index.js';
import { type Needs, Requirement } from './_requires.js';

export type { Needs } from './_requires.js';
export type { Kind } from './index.js';

/** Who calls a tool. */
export interface Caller {
  /** The canonical id; the client's, where a token verifier stands alone. */
  readonly id: string;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly subject?: string | undefined;
}

/** The caller lacks a scope or a role, or there is none. The SDKs make a tool result of it that is an error. */
export class NotAllowed extends DoorwardError {
  constructor(message: string, code: 'unauthorized' | 'insufficient_scope' | 'forbidden') {
    super(message, code);
    this.name = 'NotAllowed';
  }
}

/** Where a caller is found: what a tool's handler is given last (`extra` in 1.x, `ctx` in 2.x), an `AuthInfo`, or a caller. */
export type Source =
  | { readonly authInfo?: Pick<AuthInfo, 'clientId' | 'scopes'> | undefined }
  | { readonly http?: { readonly authInfo?: Pick<AuthInfo, 'clientId' | 'scopes'> | undefined } | undefined }
  | Pick<AuthInfo, 'clientId' | 'scopes'>
  | Caller
  | Principal
  | undefined;

/** Who calls; nothing where nobody has authenticated. */
export function callerOf(source: Source): Caller | undefined {
  if (typeof source !== 'object' || source === null) return undefined;
  if ('authInfo' in source) return source.authInfo && callerOfInfo(source.authInfo);
  if ('http' in source) return source.http?.authInfo && callerOfInfo(source.http.authInfo);
  if ('clientId' in source) return callerOfInfo(source);
  return 'id' in source && 'roles' in source ? source : undefined;
}

function callerOfInfo(info: Pick<AuthInfo, 'clientId' | 'scopes'> & { extra?: unknown }): Caller {
  // Other verifiers may have put anything there.
  const extra = (typeof info.extra === 'object' && info.extra !== null ? info.extra : {}) as Partial<AuthExtra>;
  const { id = info.clientId, roles, subject } = extra;
  return {
    id,
    scopes: info.scopes,
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
    ...(typeof subject === 'string' && { subject }),
  };
}

/** Whether the policy lets the caller reach that. Nobody reaches nothing. */
export function isAllowed(policy: Policy, source: Source, kind: Kind, name: string): boolean {
  const caller = callerOf(source);
  return caller !== undefined && policy.isAllowed(kind, name, { roles: caller.roles, scopes: caller.scopes });
}

/** The caller, if they have one of these roles. Throws `NotAllowed`. */
export function requireRole(source: Source, ...roles: [string, ...string[]]): Caller {
  return check(new Requirement({ roles }), source, 'this');
}

/** The caller, if they have all of these scopes. Throws `NotAllowed`. */
export function requireScope(source: Source, ...scopes: [string, ...string[]]): Caller {
  return check(new Requirement({ scopes }), source, 'this');
}

function check(requirement: Requirement, source: Source, what: string): Caller {
  const caller = callerOf(source);
  if (caller === undefined) throw new NotAllowed('authentication required', 'unauthorized');
  const lacking = requirement.lacking(caller);
  if (lacking !== undefined) throw new NotAllowed(`${lacking}: ${what} is not yours to call`, lacking);
  return caller;
}

/** What tools are registered with: `McpServer` of either SDK. */
export interface ToolServer {
  // Whatever it takes, it is given.
  registerTool(name: string, config: never, handler: never): unknown;
}

/** What the tools of a server need, for its lists. */
const needed = new WeakMap<object, Map<string, Requirement>>();

/**
 * The server's own `registerTool`, for a tool that needs all of these scopes and one of these roles, where any are named. With 2.x, a
 * scope that is lacking is answered by 403 and a challenge. `caller` is who calls where no request says so: on stdio, whom
 * `doorward/stdio` has authenticated. Throws `ConfigError`: nothing is named.
 *
 * A handler that is put there later by the registered tool's `update` is not guarded.
 */
export function authorizedTool<Server extends ToolServer>(
  server: Server,
  needs: Needs,
  caller?: Caller,
): Server['registerTool'] {
  const requirement = new Requirement(needs);
  const tools = needed.get(server) ?? new Map<string, Requirement>();
  needed.set(server, tools);
  const register = server.registerTool.bind(server) as (...args: unknown[]) => unknown;
  const registered = (name: string, config: object, handler: (...args: unknown[]) => unknown): unknown => {
    const checked = (...args: unknown[]): unknown => {
      check(requirement, (callerOf(args.at(-1) as Source) ?? caller) as Source, name);
      return handler(...args);
    };
    const tool = register(name, { ...challenging(requirement), ...config }, checked);
    tools.set(name, requirement);
    return tool;
  };
  return registered as unknown as Server['registerTool'];
}

/** For SDK 2.x, which answers before the tool is called. */
function challenging(requirement: Requirement): object {
  if (requirement.scopes.length === 0) return {};
  return {
    scopeChallenge: ({ authInfo }: { authInfo?: AuthInfo }) =>
      authInfo !== undefined && !requirement.scopes.every((scope) => authInfo.scopes.includes(scope))
        ? { scopes: requirement.scopes }
        : undefined,
  };
}

/** A low-level server of either SDK, as far as it is needed. */
interface HandlerServer {
  readonly server: {
    // Whatever it takes, it is given.
    setRequestHandler(...args: never[]): unknown;
    assertCanSetRequestHandler?(method: string): void;
  };
}

/** Says who sees what. */
export type IsVisible = (kind: Kind, name: string, caller: Caller | undefined) => boolean;

/** Where a list's items are in its result, what they are, and what names them. */
const LISTS = {
  'tools/list': ['tools', 'tool', 'name'],
  'resources/list': ['resources', 'resource', 'uri'],
  'resources/templates/list': ['resourceTemplates', 'resource', 'uriTemplate'],
  'prompts/list': ['prompts', 'prompt', 'name'],
} as const satisfies Record<ListMethod, readonly [string, Kind, string]>;

/**
 * Leaves out of the server's lists what a caller may not reach, by a policy or a function, and the tools whose `authorizedTool` would
 * refuse them. To be called before anything is registered: `ConfigError`. It hides and does not protect. With 2.x, give such lists
 * no public cache hint.
 */
export function showAllowed(server: HandlerServer & ToolServer, visible: Policy | IsVisible): void {
  const { server: low } = server;
  try {
    low.assertCanSetRequestHandler?.('tools/list');
  } catch {
    throw new ConfigError('showAllowed comes before the first tool is registered');
  }
  const tools = needed.get(server) ?? new Map<string, Requirement>();
  needed.set(server, tools);
  const shown = (method: ListMethod, items: Item[], caller: Caller | undefined): Item[] => {
    const [, kind, naming] = LISTS[method];
    const name = (item: Item): string => String(item[naming]);
    const some = items.filter((item) => {
      const requirement = kind === 'tool' ? tools.get(name(item)) : undefined;
      return requirement === undefined || (caller !== undefined && requirement.lacking(caller) === undefined);
    });
    if (typeof visible === 'function') return some.filter((item) => visible(kind, name(item), caller));
    const { roles, scopes } = caller ?? { roles: [], scopes: [] };
    return caller === undefined ? [] : visible.filter(method, some, name, { roles, scopes });
  };
  const setRequestHandler = low.setRequestHandler.bind(low) as (...args: unknown[]) => unknown;
  const wrapped = (...args: unknown[]): unknown => {
    const handler = args.pop() as (request: { method?: string }, extra: Source) => unknown;
    return setRequestHandler(...args, async (request: { method?: string }, extra: Source) => {
      const result = await handler(request, extra);
      const { method = '' } = request;
      if (!Object.hasOwn(LISTS, method)) return result;
      const [member] = LISTS[method as ListMethod];
      const items = (result as Record<string, unknown>)[member];
      if (!Array.isArray(items)) return result;
      return { ...(result as object), [member]: shown(method as ListMethod, items as Item[], callerOf(extra)) };
    });
  };
  low.setRequestHandler = wrapped as typeof low.setRequestHandler;
}

type Item = Record<string, unknown>;
