// Nothing that a test starts outlives it: not when it fails, not when its time is up, not when somebody ends the run.
// Chromium needs none of this: it ends when its pipe to this process does.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";

const children = new Set();
/** Where there is one, the system kills the child with this process, which may have no time to. */
const KEEPER = existsSync("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"] : [];

/** A process with its outputs piped, which ends with this one at the latest. */
export function start(command, env) {
  const [program, ...args] = [...KEEPER, ...command];
  // Not in a folder that may have an `.env`.
  const child = spawn(program, args, { env, cwd: "/", stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => process.exit(1));
}
