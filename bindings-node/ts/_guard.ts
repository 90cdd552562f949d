/** The gate in front of a Node server's requests: what `doorward/http`, `/express`, `/fastify` and `/sse` share. */

import type { IncomingMessage, ServerResponse } from 'node:http';

import { SESSION, accompany, send } from './_answer.js';
import { type Resource, bearerOf, putAuth, resourceOf } from './_auth_info.js';
import { BODY_TIME, READ, type Received, bodyBefore, hasBody, readBody } from './_body.js';
import { SWEEP } from './_ending.js';
import { readOptions, wrongType } from './_options.js';
import { headersOf, isOriginForm, pathOf, putSession, queryOf, setHeader } from './_request.js';
import {
  type Admitted,
  type BeginOptions,
  ConfigError,
  type Denial,
  Door,
  type DoorOptions,
  Gate,
  type NeedBody,
  type Principal,
} from './index.js';

/** RFC 8615: the gate answers under no other path, and need not be asked about one. */
export const WELL_KNOWN = '/.well-known/';

/** How requests are guarded, whatever they come in. */
export interface CommonOptions extends DoorOptions {
  /** Beginnings of paths that are nobody's business but the application's. */
  open?: readonly string[] | undefined;
  /**
   * Beginnings of paths that are no MCP endpoints: the credential and the limits are checked, and bodies are the
   * application's to read.
   */
  plain?: readonly string[] | undefined;
  /** How long a body may take to arrive, all of it, in seconds: 30. */
  bodyTime?: number | undefined;
  /** How often a streaming answer's credential is looked at, in seconds: 15, and at most 30. */
  sweep?: number | undefined;
}

/** How a Node server's requests are guarded. */
export interface GuardOptions extends CommonOptions {
  /**
   * A request's peer address, in place of its socket's. Without an address every request is refused, for one bucket for all
   * would lock everybody out. Not the place for `X-Forwarded-For`: name the proxies to the gate.
   */
  peer?: (req: IncomingMessage) => string | undefined;
}

const NAMES = [
  'open',
  'plain',
  'bodyTime',
  'sweep',
  'fetch',
  'redis',
  'apiKeyLookUp',
  'introspect',
  'log',
] as const satisfies (keyof CommonOptions)[];

const OF_DOOR = ['fetch', 'redis', 'apiKeyLookUp', 'introspect', 'log'] as const satisfies (keyof DoorOptions)[];

/** A gate and its settings, whatever requests come in. */
export class Settings {
  readonly door: Door;
  readonly resource: Resource | undefined;
  readonly bodyTime: number;
  readonly sweep: number;
  readonly #open: readonly string[];
  readonly #plain: readonly string[];

  /**
   * A gate gets a door of its own, by the options; keys are fetched right away. A door is its owner's to make, start and stop.
   * `more`: names of options that are others' to read.
   */
  constructor(gate: Gate | Door, options: CommonOptions, more: readonly string[] = []) {
    const said = readOptions(options, [...NAMES, ...more] as typeof NAMES & (keyof CommonOptions)[]);
    const { open = [], plain = [], bodyTime = BODY_TIME, sweep = SWEEP } = said;
    if (!isPaths(open) || !isPaths(plain)) throw new ConfigError('open and plain are lists of paths that begin with /');
    if (!(bodyTime > 0)) throw new ConfigError('bodyTime is a number of seconds');
    if (!(sweep > 0 && sweep <= 30)) throw new ConfigError('sweep is at most 30 seconds');
    const ofDoor = OF_DOOR.filter((name) => said[name] !== undefined);
    if (gate instanceof Door) {
      if (ofDoor.length > 0) throw new ConfigError(`${ofDoor.join(', ')}: for the door, which is there already`);
      this.door = gate;
    } else if (gate instanceof Gate) {
      this.door = new Door(gate, Object.fromEntries(ofDoor.map((name) => [name, said[name]])));
      void this.door.start();
    } else {
      throw new TypeError('a guard needs a Gate or a Door');
    }
    this.resource = resourceOf(this.door.gate);
    this.bodyTime = bodyTime;
    this.sweep = sweep;
    this.#open = [...open];
    this.#plain = [...plain];
  }

  /** Whose a path is. */
  kindOf(path: string): 'open' | 'plain' | 'mcp' {
    if (this.#open.length === 0 && this.#plain.length === 0) return 'mcp';
    // What a router behind the guard might read as another path is under none of them.
    if (/[%\\]|\/\.{0,2}\/|\/\.{1,2}$/.test(path)) return 'mcp';
    if (isUnder(path, this.#open)) return 'open';
    return isUnder(path, this.#plain) ? 'plain' : 'mcp';
  }
}

function isPaths(paths: unknown): paths is readonly string[] {
  return Array.isArray(paths) && paths.every((path) => typeof path === 'string' && path.startsWith('/'));
}

function isUnder(path: string, beginnings: readonly string[]): boolean {
  return beginnings.some((one) => path === one || path.startsWith(one.endsWith('/') ? one : `${one}/`));
}

/** What came of a request: it is answered; nobody's business; refused, and not answered yet; admitted. */
export type Entered = 'answered' | 'open' | Denial | Admitted;

/** Where a request keeps what has let it in, body and all: of the same gate, another guard has nothing left to decide. */
const ADMITTED = Symbol('doorward.admitted');

interface Admissible {
  [ADMITTED]?: { readonly gate: Gate; readonly sessionIn: string | undefined; readonly admitted: Admitted };
}

/** One request on its way in. */
interface Visit {
  readonly req: Received & Admissible;
  readonly res: ServerResponse;
  readonly began: number;
  readonly isPlain: boolean;
}

/** The most of a body that is thrown away, in bytes. */
const THROWN_AWAY = 65_536;

/** A guard of Node requests. */
export class NodeGuard extends Settings {
  readonly #peer: (req: IncomingMessage) => string | undefined;
  readonly #sessionIn: string | undefined;

  /** `sessionIn`: the parameter of queries that names a session, on whatever path. */
  constructor(gate: Gate | Door, options: GuardOptions = {}, more: readonly string[] = [], sessionIn?: string) {
    super(gate, options, ['peer', ...more]);
    const { peer = (req: IncomingMessage) => req.socket.remoteAddress } = options;
    if (typeof peer !== 'function') throw wrongType('peer', 'a function', peer);
    this.#peer = peer;
    this.#sessionIn = sessionIn;
  }

  /** Lets a request in, unless it is refused, or answers it where it asks for the server's metadata. */
  enter(req: Received & Admissible, res: ServerResponse): Entered | Promise<Entered> {
    const began = performance.now();
    const path = pathOf(req);
    if (answersWellKnown(this.door.gate, req, res, path)) return 'answered';
    // What hosts take for the path of another form differs.
    const kind = isOriginForm(req) ? this.kindOf(path) : 'mcp';
    if (kind === 'open') return 'open';
    const before = req[ADMITTED];
    if (before?.gate === this.door.gate && before.sessionIn === this.#sessionIn) return before.admitted;
    const isPlain = kind === 'plain';
    // A body that is not the gate's to read is none to it.
    const method = isPlain ? 'GET' : (req.method ?? 'GET');
    const { door } = this;
    const step = door.answered(door.gate.begin(method, headersOf(req), this.#peer(req), this.#begin(req)));
    door.refresh();
    const visit = { req, res, began, isPlain };
    return step instanceof Promise ? step.then((one) => this.#goOn(visit, one)) : this.#goOn(visit, step);
  }

  #begin(req: Received): BeginOptions | undefined {
    return this.#sessionIn === undefined ? undefined : { sessionInQuery: [this.#sessionIn, queryOf(req)] };
  }

  #goOn(visit: Visit, step: Admitted | Denial | NeedBody): Entered | Promise<Entered> {
    if (step.kind === 'admitted') return visit.isPlain ? this.#end(visit, step) : this.#withoutBody(visit, step);
    if (step.kind === 'denied') return this.#end(visit, step);
    const before = bodyBefore(visit.req);
    if (before === undefined) return this.#read(visit, step);
    const isTooLong = Buffer.byteLength(before) > step.limit;
    const next = this.door.answered(isTooLong ? step.tooLarge() : step.read(before));
    return next instanceof Promise ? next.then((one) => this.#end(visit, one)) : this.#end(visit, next);
  }

  async #read(visit: Visit, need: NeedBody): Promise<Entered> {
    const body = await readBody(visit.req, need.limit, this.bodyTime);
    if (body === 'too_large') return this.#end(visit, await this.door.answered(need.tooLarge()));
    if (body === 'broken') return this.#end(visit, await this.door.answered(need.broken()));
    visit.req.rawBody = body;
    visit.req[READ] = true;
    return this.#end(visit, await this.door.answered(need.read(body)));
  }

  /** What the gate has not read it has not decided on, so nobody gets it. */
  #withoutBody(visit: Visit, admitted: Admitted): Entered | Promise<Entered> {
    const { req } = visit;
    if (!hasBody(req)) return this.#end(visit, admitted);
    const isRead = bodyBefore(req) !== undefined;
    req.body = undefined;
    req.rawBody = undefined;
    // Parsers look at these.
    req._body = true;
    setHeader(req, 'content-length', undefined);
    setHeader(req, 'transfer-encoding', undefined);
    if (isRead) return this.#end(visit, admitted);
    return readBody(req, THROWN_AWAY, this.bodyTime, false).then((body) => {
      if (body instanceof Buffer) return this.#end(visit, admitted);
      // Nobody who speaks MCP gets here. By the answer, whose end is also that of a stream of HTTP/2.
      visit.res.destroy();
      return 'answered';
    });
  }

  #end(visit: Visit, step: Admitted | Denial | NeedBody): Admitted | Denial {
    const { req, res, began } = visit;
    if (step.kind === 'body') throw new Error('the gate asked for a body twice');
    this.door.tell(step, Math.round((performance.now() - began) * 1000));
    if (step.kind === 'denied') return step;
    if (this.door.gate.bindsSessions) {
      const isInQuery = this.#sessionIn !== undefined && putSession(req, step, this.#sessionIn);
      setHeader(req, SESSION, isInQuery ? undefined : step.session);
    }
    accompany(this.door, res, step, bearerOf(req.headers.authorization), this.sweep);
    const { gate } = this.door;
    if (!visit.isPlain) req[ADMITTED] = { gate, sessionIn: this.#sessionIn, admitted: step };
    return step;
  }

  /** Sends a refusal. */
  refuse(req: Received, res: ServerResponse, denial: Denial): void {
    send(req, res, denial, isUnread(req));
  }
}

/** Whether it was a well-known address of OAuth's, and is answered. */
export function answersWellKnown(gate: Gate, req: Received, res: ServerResponse, path: string): boolean {
  const known = path.startsWith(WELL_KNOWN) ? gate.wellKnown(req.method ?? 'GET', path) : undefined;
  if (known === undefined) return false;
  send(req, res, known, isUnread(req));
  return true;
}

/** Whether the request goes on; if so, it knows its caller. */
export function settle(node: NodeGuard, req: Received, res: ServerResponse, entered: Entered): boolean {
  if (entered === 'open') return true;
  if (entered === 'answered') return false;
  if (entered.kind === 'denied') {
    node.refuse(req, res, entered);
    return false;
  }
  put(node, req, entered.principal);
  return true;
}

/** Lets a request know its caller. */
export function put(node: NodeGuard, req: IncomingMessage, principal: Principal): void {
  (req as { principal?: Principal }).principal = principal;
  putAuth(req, principal, node.resource);
}

/** Whether some of its body is left on the wire. */
export function isUnread(req: IncomingMessage): boolean {
  return !req.complete && hasBody(req);
}
