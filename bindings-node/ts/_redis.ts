/**
 * Shared limits, counted by Redis or Valkey: the core's script and arguments, the core's word on the reply.
 *
 * The client is the caller's own, of node-redis or of ioredis, with its TLS, retries and pool; a cluster's too. A reply that
 * does not come within the deadline is none; the core's breaker then sees to the fallback.
 */

import type { Ask, Step } from './_steps.js';
import { wrongType } from './_options.js';

/** What of a client of node-redis is used. */
export interface NodeRedis {
  evalSha(sha: string, options: { keys: Buffer[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: Buffer[]; arguments: string[] }): Promise<unknown>;
}

/** What of a client of ioredis is used. */
export interface IoRedis {
  evalsha(sha: string, keys: number, ...rest: (string | Buffer)[]): Promise<unknown>;
  eval(script: string, keys: number, ...rest: (string | Buffer)[]): Promise<unknown>;
}

/** A client of node-redis 4 or 5, or of ioredis 5. */
export type RedisLike = NodeRedis | IoRedis;

type Run = (command: string, script: string, key: Buffer, args: readonly string[]) => Promise<unknown>;

/** How to run a command by that client. @internal */
export function runner(client: RedisLike): Run {
  if (typeof client === 'object' && client !== null) {
    if ('evalSha' in client && typeof client.evalSha === 'function') {
      return (command, script, key, args) => {
        const options = { keys: [key], arguments: [...args] };
        return command === 'EVALSHA' ? client.evalSha(script, options) : client.eval(script, options);
      };
    }
    if ('evalsha' in client && typeof client.evalsha === 'function') {
      return (command, script, key, args) =>
        command === 'EVALSHA' ? client.evalsha(script, 1, key, ...args) : client.eval(script, 1, key, ...args);
    }
  }
  throw wrongType('redis', 'a client of node-redis or ioredis', client);
}

/** Runs the command until its deadline, and gives the gate's next step. @internal */
export async function spend(run: Run, ask: Ask): Promise<Step> {
  const { command, deadline } = ask;
  if (command === undefined || deadline <= 0) return ask.unavailable();
  let timer: NodeJS.Timeout | undefined;
  const late = Symbol('late');
  const waited = new Promise<typeof late>((resolve) => (timer = setTimeout(resolve, deadline * 1000, late)));
  try {
    const sent = run(command.command, command.script, command.key, command.args);
    // What comes of it later is nobody's error any more.
    Promise.resolve(sent).catch(() => {});
    const reply = await Promise.race([sent, waited]);
    return reply === late ? ask.unavailable() : ask.returned(reply);
  } catch (error) {
    return isReply(error) ? ask.returned(error) : ask.unreachable();
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the server said so: its errors begin with a word in capitals, and the operating system's have a code. */
function isReply(error: unknown): boolean {
  return (
    error instanceof Error &&
    !('code' in error && typeof error.code === 'string') &&
    /^[A-Z]{2,}(?: |$)/.test(error.message)
  );
}
