/**
 * The whole gate as a Fastify plugin, for Fastify 5.
 *
 * ```js
 * app.register(guard, { gate, open: ['/health'] });
 * ```
 *
 * It guards all routes of the scope it is registered in, those that are not found included. It works in the hook `onRequest`:
 * the head is decided before a byte of the body is read; the gate then reads the body within bounds, and leaves it in
 * the stream for Fastify's parsers. Register `@fastify/cors` before it. Refusals go through Fastify's own `reply`, so that hooks
 * that add headers see them.
 */

import type { IncomingMessage } from 'node:http';

import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';

import { type Answer, isCors } from './_answer.js';
import { type AuthInfo, resourceOf } from './_auth_info.js';
import { ConfigError, Door, type Gate, type Principal } from './index.js';
import { type Entered, type GuardOptions, NodeGuard, isUnread, put } from './_guard.js';
import { type Needs, Requirement } from './_requires.js';

export type { AuthExtra, AuthInfo } from './_auth_info.js';
export type { GuardOptions } from './_guard.js';
export type { Needs } from './_requires.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who it is from; absent on open paths. */
    principal?: Principal;
    /** The same as the MCP SDKs know it: hand `request.raw`, which has it, too, to their transports. */
    auth?: AuthInfo;
  }
  interface FastifyInstance {
    /** Who answers the gate's questions. */
    door: Door;
  }
}

/** What the plugin takes. */
export interface PluginOptions extends GuardOptions {
  /** A gate, or the door of one. */
  gate: Gate | Door;
}

/** What Fastify itself reads of them. */
const OF_FASTIFY = ['prefix', 'logLevel', 'logSerializers'];

/** The plugin. What it adds belongs to the scope it is registered in, as with `fastify-plugin`. */
export const guard: FastifyPluginCallback<PluginOptions> = Object.assign(
  (app: FastifyInstance, options: PluginOptions, done: (error?: Error) => void): void => {
    if (options.gate === undefined) return done(new ConfigError('name the gate'));
    const node = new NodeGuard(options.gate, options, ['gate', ...OF_FASTIFY]);
    app.decorate('door', node.door);
    app.decorateRequest('principal', { getter: of((raw) => raw.principal) });
    app.decorateRequest('auth', { getter: of((raw) => raw.auth) });
    app.addHook('onRequest', async (request, reply) => {
      const { raw } = request;
      const entered = await node.enter(raw, reply.raw);
      return settle(node, entered, request, reply);
    });
    // A door that was given is its owner's to stop.
    if (!(options.gate instanceof Door)) app.addHook('onClose', async () => node.door.stop());
    done();
  },
  {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'doorward',
    [Symbol.for('plugin-meta')]: { name: 'doorward', fastify: '5.x' },
  },
);

export default guard;

function settle(node: NodeGuard, entered: Entered, request: FastifyRequest, reply: FastifyReply): unknown {
  if (entered === 'open') return undefined;
  // By its own means, past Fastify's.
  if (entered === 'answered') return reply.hijack();
  if (entered.kind === 'denied') return refuse(reply, request.raw, entered);
  put(node, request.raw, entered.principal);
  handOn(reply);
  return undefined;
}

/**
 * What `@fastify/cors` has set is Fastify's to send: an answer that goes past it, by `reply.hijack()`, as the SDK's transport does,
 * would come without, and the page could not read it.
 */
function handOn(reply: FastifyReply): void {
  const { raw } = reply;
  const { writeHead } = raw;
  raw.writeHead = function (this: typeof raw, ...args: unknown[]) {
    // Sent, and not begun: hijacked.
    for (const [name, value] of Object.entries(reply.sent && !raw.headersSent ? reply.getHeaders() : {})) {
      if (isCors(name) && value !== undefined && !raw.hasHeader(name)) raw.setHeader(name, value);
    }
    return writeHead.apply(this, args as Parameters<typeof writeHead>);
  } as typeof writeHead;
}

/** What the guard has put into Node's request. */
function of<T>(read: (raw: { principal?: Principal; auth?: AuthInfo }) => T): (this: FastifyRequest) => T {
  return function (this: FastifyRequest): T {
    return read(this.raw as object);
  };
}

/** Bytes, lest Fastify adds to the media type. */
function refuse(reply: FastifyReply, raw: IncomingMessage, answer: Answer): FastifyReply {
  for (const [name, value] of answer.headers) {
    const before = name === 'vary' ? reply.getHeader(name) : undefined;
    reply.header(name, before === undefined ? value : `${String(before)}, ${value}`);
  }
  if (isUnread(raw) && raw.httpVersionMajor === 1) reply.header('connection', 'close');
  return reply.code(answer.status).send(Buffer.from(answer.body));
}

/**
 * A hook for a route behind the guard, as `{ preHandler: requires({ scopes: ['reports'] }) }`: all of these scopes, and one of these
 * roles, where any are named. Else 403; a scope that is lacking is named in the challenge. Throws `ConfigError`: nothing is
 * named.
 */
export function requires(
  needs: Needs,
  gate?: Gate,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const requirement = new Requirement(needs);
  const metadata = gate === undefined ? undefined : resourceOf(gate)?.metadata;
  return async (request, reply) => {
    const { principal } = request;
    if (principal === undefined) throw new Error("no guard of doorward's stands before this route");
    const lacking = requirement.lacking(principal);
    if (lacking === undefined) return undefined;
    return refuse(reply, request.raw, requirement.refusal(lacking, metadata));
  };
}
