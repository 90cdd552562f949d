/** Who may reach what. */

import { adopt, adoptedOr, entries, given, list, text, texts } from './_arguments.js';
import type { OneOrMore } from './_arguments.js';
import { ConfigError, throwing } from './_errors.js';
import { native } from './_native.js';
import { flag, octets, readOptions, wrongType } from './_options.js';
import type { ExternalObject, GrantsGiven, Policy as PolicyHandle } from '../native/index.js';

/** What a policy is about. */
export type Kind = 'tool' | 'resource' | 'prompt' | 'method';

/** What somebody may reach: `*` for everything, or patterns (`*`, `prefix*`, or a name). */
export type Grants =
  | '*'
  | {
      tools?: OneOrMore<string> | undefined;
      resources?: OneOrMore<string> | undefined;
      prompts?: OneOrMore<string> | undefined;
      methods?: OneOrMore<string> | undefined;
    };

/** Who somebody is, as far as a policy looks. */
export interface Held {
  roles?: OneOrMore<string> | undefined;
  scopes?: OneOrMore<string> | undefined;
}

/** What a policy is made of. */
export interface PolicyOptions {
  /** Grants by role. */
  roles?: Record<string, Grants> | undefined;
  /** Grants by scope. */
  scopes?: Record<string, Grants> | undefined;
  /** Scopes that whoever holds the one holds too. */
  implies?: Record<string, OneOrMore<string>> | undefined;
  /** What each authenticated principal may reach besides. */
  everybody?: Grants | undefined;
}

/** A list that a client asks for. */
export type ListMethod = 'tools/list' | 'prompts/list' | 'resources/list' | 'resources/templates/list';

/** @internal */
export function grantsGiven(grants: unknown): GrantsGiven {
  if (grants === '*') return { all: true };
  if (typeof grants === 'string') {
    throw new ConfigError('grants are an object, or "*" for everything', 'argument_invalid');
  }
  const kinds: Record<string, string[]> = Object.create(null);
  for (const [name, patterns] of entries(grants, 'grants')) {
    if (!['tools', 'resources', 'prompts', 'methods'].includes(name)) {
      throw new ConfigError('grants are of tools, resources, prompts and methods alone', 'argument_invalid');
    }
    if (patterns !== undefined) kinds[name] = texts(patterns, name);
  }
  return given<GrantsGiven>({
    all: false,
    tools: kinds['tools'],
    resources: kinds['resources'],
    prompts: kinds['prompts'],
    methods: kinds['methods'],
  });
}

function named(value: unknown, name: string): { name: string; grants: GrantsGiven }[] {
  if (value === undefined) return [];
  return entries(value, name).map(([key, grants]) => ({ name: key, grants: grantsGiven(grants) }));
}

function held(value: Held | undefined): [string[], string[]] {
  const { roles, scopes } = readOptions(value, ['roles', 'scopes']);
  return [roles === undefined ? [] : texts(roles, 'roles'), scopes === undefined ? [] : texts(scopes, 'scopes')];
}

/**
 * Of `items`, those that are shown, by a function that says so of names.
 *
 * @internal
 */
export function filtered<T>(
  items: Iterable<T>,
  key: ((item: T) => string) | undefined,
  shows: (names: string[]) => boolean[],
): T[] {
  const all = list(items, 'items', 'an array of items') as T[];
  const names = all.map((item) => {
    const name: unknown = key === undefined ? item : key(item);
    if (typeof name !== 'string') throw wrongType("an item's name", 'a string', name);
    return name;
  });
  const shown = throwing(() => shows(names));
  return all.filter((_, place) => shown[place] === true);
}

/** @internal */
export let policyHandle: (policy: Policy) => ExternalObject<PolicyHandle>;

/**
 * Roles and scopes, and which tools, resources, prompts and methods each may reach. Nothing is granted to begin with.
 * Immutable. Throws `ConfigError`.
 *
 * ```ts
 * const policy = new Policy({ roles: { user: { tools: ['whoami', 'search_*'] }, admin: '*' } });
 * assert(policy.isAllowed('tool', 'search_docs', { roles: 'user' }));
 * assert(!policy.isAllowed('tool', 'drop', { roles: 'user' }));
 * ```
 */
export class Policy {
  readonly #native: ExternalObject<PolicyHandle>;

  static {
    policyHandle = (policy) => {
      if (typeof policy === 'object' && policy !== null && #native in policy) return policy.#native;
      throw wrongType('policy', 'a Policy', policy);
    };
  }

  constructor(opts?: PolicyOptions) {
    this.#native = adoptedOr(() => made(opts));
    Object.freeze(this);
  }

  /** Everything for every authenticated principal, but for what a requirement stands on. */
  static allowAll(): Policy {
    return of(native.policyAllowAll());
  }

  /**
   * The same policy with a requirement: whoever is granted what the pattern names must hold one of these scopes or roles too,
   * or all of them with `all`. Throws `ConfigError`.
   */
  require(kind: Kind, pattern: string, needs: Held & { all?: boolean }): Policy {
    const { all, ...rest } = readOptions(needs, ['roles', 'scopes', 'all']);
    const [roles, scopes] = held(rest);
    text(kind, 'kind');
    text(pattern, 'pattern');
    const every = flag(all, 'all');
    return of(throwing(() => native.policyRequire(this.#native, kind, pattern, scopes, roles, every)));
  }

  /** Whether somebody with these roles and scopes may reach the tool, resource, prompt or method of that name. */
  isAllowed(kind: Kind, name: string, holder?: Held): boolean {
    const [roles, scopes] = held(holder);
    text(kind, 'kind');
    text(name, 'name');
    return throwing(() => native.policyIsAllowed(this.#native, kind, name, roles, scopes));
  }

  /**
   * Why they may not: the scopes that would help (none where none would), and a sentence for the log; `undefined` where they
   * may.
   */
  refusal(kind: Kind, name: string, holder?: Held): { scopes: readonly string[]; reason: string } | undefined {
    const [roles, scopes] = held(holder);
    text(kind, 'kind');
    text(name, 'name');
    return throwing(() => native.policyRefusal(this.#native, kind, name, roles, scopes)) ?? undefined;
  }

  /**
   * Whether an item of a list is shown to somebody: what they may reach, and templates by which they might reach something.
   */
  shows(method: ListMethod, name: string, holder?: Held): boolean {
    return this.filter(method, [name], undefined, holder).length === 1;
  }

  /**
   * Of `items`, those that are shown, in a new array. `key` gives an item's name (of resources the URI, of templates theirs);
   * without it, items are names. Say `cacheScope: 'private'` with such a list. Filtering hides and does not protect.
   */
  filter<T>(method: ListMethod, items: Iterable<T>, key?: (item: T) => string, holder?: Held): T[] {
    const [roles, scopes] = held(holder);
    text(method, 'method');
    return filtered(items, key, (names) => native.policyShows(this.#native, method, names, roles, scopes));
  }

  /**
   * The text of a list's result (the `result` of the JSON-RPC answer) with those items left that are shown, and `cacheScope:
   * private`; the rest as it was, to the byte. Throws `ListError`: it can't be read, and must not be passed on.
   */
  filterResult(method: ListMethod, result: string | Uint8Array, holder?: Held): string {
    const [roles, scopes] = held(holder);
    text(method, 'method');
    octets(result, 'result');
    return throwing(() => native.policyFilterResult(this.#native, method, result, roles, scopes));
  }
}

function of(handle: ExternalObject<PolicyHandle>): Policy {
  return adopt(handle, () => new Policy());
}

function made(opts: PolicyOptions | undefined): ExternalObject<PolicyHandle> {
  const { roles, scopes, implies, everybody } = readOptions(opts, ['roles', 'scopes', 'implies', 'everybody']);
  const implied = implies === undefined ? [] : entries(implies, 'implies');
  const all = implied.map(([name, one]) => ({ name, scopes: texts(one, 'implies') }));
  const [byRole, byScope] = [named(roles, 'roles'), named(scopes, 'scopes')];
  const rest = everybody === undefined ? undefined : grantsGiven(everybody);
  return throwing(() => native.policyNew(byRole, byScope, all, rest));
}
