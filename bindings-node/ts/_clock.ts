/** Both clocks, read here and nowhere else, so that whoever fakes them is heeded. */

import { native } from './_native.js';

/** When it is, as somebody else says: seconds since the epoch; or those and seconds on a clock that never steps. */
export type Moment = number | { readonly unix: number; readonly mono: number };

// `performance.now()` begins anew in every worker. What workers share is counted by one clock, that of whoever came first.
const offset = native.clockOffset(performance.now());

/** Seconds since the epoch. */
export function unix(moment?: Moment): number {
  if (moment === undefined) return Date.now() / 1000;
  return typeof moment === 'number' ? moment : given(moment).unix;
}

/** Milliseconds on a clock that never steps, and that all threads of a process have. */
export function milliseconds(moment?: Moment): number {
  if (moment === undefined || typeof moment === 'number') return performance.now() + offset;
  return given(moment).mono * 1000;
}

function given(moment: { readonly unix: number; readonly mono: number }): { unix: number; mono: number } {
  if (typeof moment === 'object' && moment !== null) {
    const { unix, mono } = moment;
    if (typeof unix === 'number' && typeof mono === 'number') return { unix, mono };
  }
  throw new TypeError('now must be a number of seconds since the epoch, or { unix, mono } in seconds');
}
