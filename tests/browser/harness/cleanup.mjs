// Nothing that a test starts outlives it: not when it fails, not when its time is up, not when somebody interrupts it.
// Chromium needs none of this: it ends when the pipe to this process does.

const children = new Set();

/** Has the child killed with this process, at the latest. */
export function endsWithUs(child) {
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

process.on("exit", () => children.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => process.exit(1));
}
