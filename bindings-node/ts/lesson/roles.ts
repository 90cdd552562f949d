/** Per-tool checks of roles, for tools of the official SDKs. */

import { ConfigError } from '../index.js';
import { type Caller, type Source, callerOf } from '../tools.js';
import { type AuthEvent, type ToolResult, messages, refusal } from './messages.js';
import { sanitizeOutput } from './sanitize.js';

/** As much of a caller as roles are checked by: `req.user`, or what `callerOf` gives. */
export interface HasRoles {
  readonly roles: readonly string[];
}

/** Whether the caller has any of these roles. Nobody has none, and of no roles nobody has any. */
export function requireRole(caller: HasRoles | undefined, ...roles: string[]): boolean {
  // Of a string, a part would do: `administrator` is no `admin`.
  return Array.isArray(caller?.roles) && roles.some((role) => caller.roles.includes(role));
}

/** The tool's result for a caller who has none of these roles, or is nobody; `undefined` for who may go on. */
export function refuseUnless(caller: HasRoles | undefined, ...roles: string[]): ToolResult | undefined {
  if (caller === undefined) return refusal(messages.tokenRequiredByTool);
  return requireRole(caller, ...roles) ? undefined : refusal(messages.accessDenied(roles, caller.roles));
}

/** A server of either SDK, as far as it is needed here. */
export interface ToolServer {
  // The SDKs' own signatures are generic over the schema: what a tool gets is typed by `authorizedTool`.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  registerTool(name: string, config: any, callback: any): unknown;
}

/** What a handler gets for a schema: of a shape of zod's, what each member parses to. */
export type Arguments<S> = S extends { parse(data: unknown): infer T }
  ? T
  : { [K in keyof S]: S[K] extends { parse(data: unknown): infer T } ? T : unknown };

export interface AuthorizedToolOptions {
  /**
   * A role that may use the tool whether or not it is among those required. None unless it is named here: an
   * administrator who may use everything is better a role that every tool lists.
   */
  bypassRole?: string;
  /** Take secrets out of what the handler gives: see `sanitizeOutput`. */
  sanitize?: boolean;
  /** Gets one event a call. */
  log?: (event: AuthEvent) => void;
}

/**
 * Registers a tool for callers with one of these roles: those whom `apiKeyMiddleware`, `jwtAuth` and doorward's guards have
 * put into `req.auth`, which is all that the SDKs hand on; `_meta` is the client's to write, and never read. Others get a
 * result that is an error, and the handler does not run: `Authentication required.`, or `Insufficient permissions. Required
 * roles: …`. Throws `ConfigError` where no role is required: such a tool would be for nobody.
 *
 * `schema` is what `registerTool` takes for `inputSchema`: the arguments are checked by it before the handler sees them.
 */
export function authorizedTool<S extends object>(
  server: ToolServer,
  name: string,
  description: string,
  schema: S,
  requiredRoles: readonly string[],
  handler: (args: Arguments<S>, caller: Caller, context: Source) => ToolResult | Promise<ToolResult>,
  options: AuthorizedToolOptions = {},
): void {
  if (requiredRoles.length === 0) throw new ConfigError('name the roles that may use the tool, one at least');
  const { bypassRole, sanitize = false, log } = options;
  const good = bypassRole === undefined ? [...requiredRoles] : [...requiredRoles, bypassRole];
  server.registerTool(
    name,
    { description, inputSchema: schema },
    async (args: Arguments<S>, context: Source): Promise<ToolResult> => {
      const caller = callerOf(context);
      const who = caller === undefined ? {} : { caller: caller.subject ?? caller.id };
      if (caller === undefined || !requireRole(caller, ...good)) {
        const code = caller === undefined ? 'credentials_missing' : 'forbidden';
        log?.({ outcome: 'refused', method: 'tool', tool: name, code, ...who });
        return refusal(
          caller === undefined ? messages.authenticationRequired : messages.permissionsInsufficient(requiredRoles),
        );
      }
      log?.({ outcome: 'admitted', method: 'tool', tool: name, ...who });
      const result = await handler(args, caller, context);
      return sanitize ? sanitizeOutput(result) : result;
    },
  );
}
