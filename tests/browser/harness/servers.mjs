// The servers that pages call, each as a process with the same settings.
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { start } from "./child.mjs";
import { SECRETS, SETTINGS } from "./credentials.mjs";

const PATIENCE_MS = 30_000;
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
/** Where `cargo build` puts it. */
const BUILT = join(resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target"), "debug/doorward");

/** One of the Node package's examples: what is of the policy in each is that `export` takes a scope of the same name. */
const example = (name, more) => ({
  name: `bindings-node/examples/${name}`,
  command: [process.execPath, join(ROOT, `bindings-node/examples/${name}.mjs`)],
  denied: { tool: "export", args: {}, error: "insufficient_scope" },
  ...more,
});

/**
 * What there is to start: how; whether it gives session ids; whether it speaks 2026-07-28; and a tool out of a user's
 * reach, with the error that says so.
 */
export const SERVERS = [
  {
    name: "the server",
    command: [process.env.DOORWARD_BIN ?? BUILT],
    sessions: false,
    modern: true,
    denied: { tool: "generate-token", args: { userId: "ben" }, error: "forbidden" },
  },
  example("express_server", { sessions: true, modern: false }),
  example("fastify_server", { sessions: false, modern: false }),
  example("hono_server", { sessions: false, modern: true }),
];

/** A running server. */
export class Server {
  #child;
  #output = "";
  #ended;

  /** Starts it and waits until it listens, on a free port of loopback. */
  static async start(kind, settings) {
    const server = new Server();
    const env = { PATH: process.env.PATH, PORT: "0", LOG_FORMAT: "json", ...SETTINGS, ...settings };
    const child = start(kind.command, env);
    server.#child = child;
    server.#ended = new Promise((resolve) => child.once("close", resolve));
    server.port = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail("does not listen in time"), PATIENCE_MS);
      const fail = (why) => {
        clearTimeout(timer);
        reject(new Error(`${kind.name} ${why}:\n${server.#output}`));
      };
      child.once("error", (error) => fail(`can't be run: ${error.message}`));
      child.once("exit", (code) => fail(`ended with ${code}`));
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text) => {
          server.#output += text;
          // In the line that says where it listens; nothing else is at an address before.
          const found = /127\.0\.0\.1:(\d+)/.exec(server.#output);
          if (!found) return;
          clearTimeout(timer);
          resolve(Number(found[1]));
        });
      }
    });
    return server;
  }

  /** Ends it, and looks for credentials in what it said. */
  async stop() {
    this.#child.kill("SIGKILL");
    await this.#ended;
    const leaked = SECRETS.filter((secret) => this.#output.includes(secret));
    if (leaked.length > 0) throw new Error(`credentials in the log: ${leaked}\n${this.#output}`);
  }
}
