/** What a gate is made of besides keys, quotas and a policy. */

import { given, list, optionalText, optionalTexts, optionalWhole, span, text, texts, whole } from './_arguments.js';
import type { OneOrMore } from './_arguments.js';
import { throwing } from './_errors.js';
import { quotaHandle } from './_limiter.js';
import type { Quota } from './_limiter.js';
import { native } from './_native.js';
import { flag, number, readOptions, wrongType } from './_options.js';
import type {
  ExternalObject,
  IntrospectionHandle,
  Issuer as IssuerHandle,
  Layer,
  MappingGiven,
  PresetGiven,
  Settings,
} from '../native/index.js';

/** Whose bucket a limit spends from. */
export type Per = 'principal' | 'principal-tool' | 'address' | 'everybody';

/** What a limit counts; without any patterns everything, and of everybody without any roles. */
export interface LimitOptions {
  tools?: OneOrMore<string> | undefined;
  resources?: OneOrMore<string> | undefined;
  prompts?: OneOrMore<string> | undefined;
  methods?: OneOrMore<string> | undefined;
  /** Of principals with one of these. */
  roles?: OneOrMore<string> | undefined;
  /** Units each; 1 unless given. */
  cost?: number | undefined;
  /** How many buckets there are. */
  slots?: number | undefined;
}

/** @internal */
export let limitHandle: (limit: Limit) => ExternalObject<Layer>;

/** A further limit of a gate, spent from behind the principal's own bucket. Throws `ConfigError`. */
export class Limit {
  readonly #native: ExternalObject<Layer>;

  static {
    limitHandle = (limit) => {
      if (typeof limit === 'object' && limit !== null && #native in limit) return limit.#native;
      throw wrongType('limit', 'a Limit', limit);
    };
  }

  /** `per` is `principal` unless given. */
  constructor(name: string, quota: Quota, per: Per = 'principal', opts?: LimitOptions) {
    const names = ['tools', 'resources', 'prompts', 'methods', 'roles', 'cost', 'slots'] as const;
    const said = readOptions(opts, names);
    const parts = given({
      name: text(name, 'name'),
      per: text(per, 'per'),
      tools: optionalTexts(said.tools, 'tools'),
      resources: optionalTexts(said.resources, 'resources'),
      prompts: optionalTexts(said.prompts, 'prompts'),
      methods: optionalTexts(said.methods, 'methods'),
      roles: optionalTexts(said.roles, 'roles'),
      cost: optionalWhole(said.cost, 'cost'),
      slots: optionalWhole(said.slots, 'slots'),
    });
    const handle = quotaHandle(quota);
    this.#native = throwing(() => native.limitNew(parts, handle));
  }
}

/** A claim by its name, to the letter; or the names that lead to one inside others. */
export type ClaimPath = string | readonly string[];

/**
 * Where an issuer's tokens say which scopes and roles, and which of these it may give. What is left out is as it was. A claim
 * of another type than expected gives nothing.
 */
export interface ClaimMapping {
  /** In place of `scope` and `scp`: a claim, or several such lists of names, all of which are read. */
  scopes?: ClaimPath | readonly (readonly string[])[] | undefined;
  /** In place of `roles` and `role`, likewise. */
  roles?: ClaimPath | readonly (readonly string[])[] | undefined;
  /** Whom a token without `sub` is from: such a caller is a client, and never the user of that name. */
  client?: ClaimPath | undefined;
  /** The scopes the issuer may give; any other is dropped. */
  onlyScopes?: OneOrMore<string> | undefined;
  /** The roles the issuer may give; any other is dropped. */
  onlyRoles?: OneOrMore<string> | undefined;
}

/** As a configuration file has it: of strings alone, a list is one path. */
function paths(value: unknown, name: string): string[][] | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return [[text(value, name)]];
  const wanted = "a claim's name, the names that lead to it, or a list of these";
  const all = list(value, name, wanted);
  if (all.every((one) => typeof one === 'string')) return [all.map((one) => text(one, name))];
  return all.map((one) => texts(one, name));
}

/** @internal */
export function mappingGiven(mapping: ClaimMapping | undefined): MappingGiven | undefined {
  if (mapping === undefined) return undefined;
  const said = readOptions(mapping, ['scopes', 'roles', 'client', 'onlyScopes', 'onlyRoles']);
  return given<MappingGiven>({
    scopes: paths(said.scopes, 'scopes'),
    roles: paths(said.roles, 'roles'),
    client: optionalTexts(said.client, 'client'),
    onlyScopes: optionalTexts(said.onlyScopes, 'onlyScopes'),
    onlyRoles: optionalTexts(said.onlyRoles, 'onlyRoles'),
  });
}

/**
 * A product whose tokens are known: where it puts audience, scopes and roles.
 *
 * - `auth0`: scopes in `scope`; roles in `permissions`, and in `rolesClaim`, the claim that an action of yours writes them
 *   into, whose name is a URL.
 * - `entra`: scopes in `scp`, roles in `roles`; `application` is the id of the API's registration, which is the audience, by
 *   itself or as `api://<id>`.
 * - `keycloak`: scopes in `scope`, the realm's roles, and those of `client` where it is named.
 */
export type Preset =
  | 'auth0'
  | 'keycloak'
  | { product: 'auth0'; rolesClaim?: string }
  | { product: 'entra'; application: string }
  | { product: 'keycloak'; client?: string };

const OPTION = { auth0: 'rolesClaim', entra: 'application', keycloak: 'client' } as const;

function presetGiven(preset: Preset | undefined): PresetGiven | undefined {
  if (preset === undefined) return undefined;
  const said: { product: string } = typeof preset === 'string' ? { product: preset } : preset;
  const product = text(said?.product, 'preset.product');
  const option = Object.hasOwn(OPTION, product) ? OPTION[product as keyof typeof OPTION] : 'product';
  const known = readOptions<Record<string, unknown>>(said as Record<string, unknown>, ['product', option]);
  return given<PresetGiven>({
    product,
    option: option === 'product' ? undefined : optionalText(known[option], option),
  });
}

/** What an issuer is held to. */
export interface IssuerOptions {
  /** Reads its tokens as that product's. */
  preset?: Preset | undefined;
  /** Says otherwise, or more. */
  mapping?: ClaimMapping | undefined;
  /** Where its keys are: they are found by its metadata unless given. The issuer's name may then be any text. */
  jwksUrl?: string | undefined;
  /** Its tokens must name one of these: by default the gate's `publicUrl`, or what the preset says. */
  audience?: OneOrMore<string> | undefined;
  /** Read in place of `aud`: lets in tokens that were made for other services of that issuer. */
  audienceClaim?: string | undefined;
  /** Takes tokens that name no audience: these may be made for other services of that issuer. */
  allowMissingAudience?: boolean | undefined;
  /** Seconds by which its clock may differ. */
  clockTolerance?: number | undefined;
}

/** @internal */
export let issuerHandle: (issuer: Issuer) => ExternalObject<IssuerHandle>;

/**
 * An issuer whose tokens are accepted: give it to a `Gate` as one of its `issuers`. `name` is byte for byte as its tokens and
 * its metadata have it (Auth0's ends in a slash, Keycloak's does not). Throws `ConfigError`.
 *
 * ```ts
 * const staff = new Issuer('https://sso.example/realms/staff', {
 *   preset: { product: 'keycloak', client: 'mcp-server' },
 *   mapping: { onlyRoles: ['editor', 'viewer'] },
 * });
 * const policy = new Policy({ roles: { editor: '*' } });
 * const gate = new Gate({ issuers: staff, publicUrl: 'https://mcp.example/mcp', policy });
 * ```
 */
export class Issuer {
  readonly #native: ExternalObject<IssuerHandle>;
  /** Its name. */
  readonly name: string;

  static {
    issuerHandle = (issuer) => {
      if (typeof issuer === 'object' && issuer !== null && #native in issuer) return issuer.#native;
      throw wrongType('issuer', 'an Issuer', issuer);
    };
  }

  constructor(name: string, opts?: IssuerOptions) {
    const said = readOptions(opts, [
      'preset',
      'mapping',
      'jwksUrl',
      'audience',
      'audienceClaim',
      'allowMissingAudience',
      'clockTolerance',
    ]);
    const parts = given({
      name: text(name, 'name'),
      jwksUrl: optionalText(said.jwksUrl, 'jwksUrl'),
      preset: presetGiven(said.preset),
      mapping: mappingGiven(said.mapping),
      audience: optionalTexts(said.audience, 'audience'),
      audienceClaim: optionalText(said.audienceClaim, 'audienceClaim'),
      allowMissingAudience: flag(said.allowMissingAudience, 'allowMissingAudience'),
      clockTolerance: said.clockTolerance === undefined ? 0 : number(said.clockTolerance, 'clockTolerance'),
    });
    this.#native = throwing(() => native.issuerNew(parts));
    this.name = parts.name;
    Object.freeze(this);
  }
}

/** What introspection is held to. */
export interface IntrospectionOptions {
  /** Whom a token may be for: without any, a token that names somebody is refused. */
  audience?: OneOrMore<string> | undefined;
  /** Takes tokens that name nobody, though they may be another service's. */
  allowMissingAudience?: boolean | undefined;
  /** Seconds by which the issuer's clock may differ. */
  clockTolerance?: number | undefined;
  /** Seconds an answer may take. */
  deadline?: number | undefined;
  /** Where who, scopes and roles are. */
  mapping?: ClaimMapping | undefined;
}

/** @internal */
export let introspectionHandle: (introspection: Introspection) => ExternalObject<IntrospectionHandle>;

/**
 * How a gate asks about opaque tokens (RFC 7662): the endpoint's `url`, and the `issuer` whose tokens it knows. Throws
 * `ConfigError`: the url is neither `https` nor on a loopback host.
 */
export class Introspection {
  readonly #native: ExternalObject<IntrospectionHandle>;

  static {
    introspectionHandle = (introspection) => {
      if (typeof introspection === 'object' && introspection !== null && #native in introspection)
        return introspection.#native;
      throw wrongType('introspection', 'an Introspection', introspection);
    };
  }

  constructor(url: string, issuer: string, opts?: IntrospectionOptions) {
    const names = ['audience', 'allowMissingAudience', 'clockTolerance', 'deadline', 'mapping'] as const;
    const said = readOptions(opts, names);
    const parts = given({
      url: text(url, 'url'),
      issuer: text(issuer, 'issuer'),
      audience: said.audience === undefined ? [] : texts(said.audience, 'audience'),
      allowMissingAudience: flag(said.allowMissingAudience, 'allowMissingAudience'),
      clockTolerance: said.clockTolerance === undefined ? 0 : number(said.clockTolerance, 'clockTolerance'),
      deadline: said.deadline === undefined ? undefined : span(said.deadline, 'deadline'),
      mapping: mappingGiven(said.mapping),
    });
    this.#native = throwing(() => native.introspectionNew(parts));
  }
}

/** What a limit of several processes is held to. */
export interface SharedLimitOptions {
  /** Before every key in Redis. */
  prefix?: string | undefined;
  /** While the server can't be asked: each process by itself, to the limit divided by `instances`; nobody; or everybody. */
  fallback?: 'local' | 'deny' | 'allow' | undefined;
  /** How many processes there are; 1 unless given. */
  instances?: number | undefined;
  /** Seconds, a second attempt included; 0.05 unless given. */
  deadline?: number | undefined;
  /** Units taken at once, for fewer round trips and as many units late; 1 unless given. */
  lease?: number | undefined;
}

/** @internal */
export let sharedLimitHandle: (limit: SharedLimit) => ExternalObject<Settings>;

/**
 * How several processes count `principalQuota` together, in Redis or Valkey: a `Door`'s `redis` is the client. Processes share
 * it where the server and `prefix` are the same. Throws `ConfigError`.
 */
export class SharedLimit {
  readonly #native: ExternalObject<Settings>;

  static {
    sharedLimitHandle = (limit) => {
      if (typeof limit === 'object' && limit !== null && #native in limit) return limit.#native;
      throw wrongType('limit', 'a SharedLimit', limit);
    };
  }

  constructor(opts?: SharedLimitOptions) {
    const said = readOptions(opts, ['prefix', 'fallback', 'instances', 'deadline', 'lease']);
    const parts = given({
      prefix: optionalText(said.prefix, 'prefix'),
      fallback: said.fallback === undefined ? 'local' : text(said.fallback, 'fallback'),
      instances: said.instances === undefined ? 1 : whole(said.instances, 'instances'),
      deadline: said.deadline === undefined ? 0.05 : span(said.deadline, 'deadline'),
      lease: said.lease === undefined ? 1 : whole(said.lease, 'lease'),
    });
    this.#native = throwing(() => native.sharedLimitNew(parts));
  }
}
