/** Answers that stream end when their credential does. */

import type { Admitted, Door } from './index.js';

/** How often a streaming answer's credential is looked at, in seconds. */
export const SWEEP = 15;

/**
 * Calls `cut` once the credential an answer streams for is over: at its end, or within `sweep` seconds of its
 * revocation. Gives what stops it. Keeps no process alive.
 */
export function watch(door: Door, admitted: Admitted, token: string, sweep: number, cut: () => void): () => void {
  const { principal, validUntil = Infinity } = admitted;
  let timer: NodeJS.Timeout;
  const again = (): void => {
    const left = Math.max(validUntil - Date.now() / 1000, 0);
    timer = setTimeout(look, Math.min(sweep, left) * 1000);
    timer.unref();
  };
  const look = (): void => {
    // Where there is nothing but long answers, nobody else asks the issuers.
    door.refresh();
    if (Date.now() / 1000 < validUntil && door.gate.stillGood(principal, token)) again();
    else cut();
  };
  again();
  return () => clearTimeout(timer);
}
