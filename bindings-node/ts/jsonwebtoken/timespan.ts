/** Spans of time, as numbers of seconds or as the text that the package `ms` reads. */

const SPAN =
  /^(-?(?:\d+)?\.?\d+) *(milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|years?|yrs?|y)?$/i;

/** Milliseconds in each unit, by what no other unit begins with. */
const UNITS: readonly (readonly [start: string, milliseconds: number])[] = [
  ['ms', 1],
  ['mil', 1],
  ['s', 1000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
  ['y', 31_557_600_000],
  ['m', 60_000],
];

/** The moment so long after another, in seconds since the epoch; nothing for what is no span. */
export function timespan(span: unknown, from: number): number | undefined {
  // As jsonwebtoken has it: what is issued at 0 is issued now.
  const start = from || Math.floor(Date.now() / 1000);
  if (typeof span === 'number') return start + span;
  if (typeof span !== 'string' || span.length > 100) return undefined;
  const [, count, unit = 'ms'] = SPAN.exec(span) ?? [];
  if (count === undefined) return undefined;
  const lower = unit.toLowerCase();
  const [, milliseconds] = UNITS.find(([start]) => lower.startsWith(start)) ?? ['', 1];
  return Math.floor(start + (Number.parseFloat(count) * milliseconds) / 1000);
}
