// What the three benches share: the tokens, the sides by turns, the rows and the report.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export const [ISSUER, AUDIENCE] = ['https://issuer.example', 'https://mcp.example/mcp'];
export const SECRET = 'a secret of at least 32 bytes, kept well';
export const KEY = new URL('../keys/test-only-rsa-2048.pk8', import.meta.url);

export const subject = (n) => `user-${String(n).padStart(6, '0')}`;

/** Eight claims, of the length of the Rust benches'. */
export function claims(n) {
  return {
    iss: ISSUER,
    sub: subject(n),
    aud: AUDIENCE,
    exp: 4102444800,
    iat: 1700000000,
    jti: n.toString(16).padStart(32, '0'),
    scope: 'tools:read tools:write',
    role: 'user',
  };
}

/** The number that so large a part of the sorted numbers is below of. */
const quantile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

/** Median and spread, (p90 − p10) / p50. */
function figures(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  return [median, (quantile(sorted, 0.9) - quantile(sorted, 0.1)) / median];
}

export const rounded = (number) => Number(number.toPrecision(4));

/** A row of the report: the times of ours and of theirs, in ns, as often each. */
export function row(id, vs, ours, theirs, clock) {
  const [[ns, spread], [vs_ns, vs_spread]] = [ours, theirs].map(figures);
  return {
    id,
    ns: rounded(ns),
    vs,
    vs_ns: rounded(vs_ns),
    ratio: rounded(ns / vs_ns),
    vs_spread: rounded(vs_spread),
    n: ours.length,
    spread: rounded(spread),
    clock,
    node: process.versions.node,
  };
}

/**
 * Runs a bench by its arguments, `[--quick] REPORT`: REPORT is a file to add the rows to, and those of an earlier run, whose
 * ids begin with `ids`, are replaced.
 */
export async function report(ids, rows) {
  const path = process.argv.at(-1);
  const before = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').filter(Boolean) : [];
  const kept = before.filter((line) => !(JSON.parse(line).id ?? '').startsWith(ids));
  const made = [];
  for await (const one of rows(process.argv.includes('--quick'))) {
    const cells = [one.id.padEnd(26), String(one.ns).padStart(9), '  ', one.vs.padEnd(36)];
    process.stderr.write(`${cells.join('')}${String(one.vs_ns).padStart(9)}${String(one.ratio).padStart(9)}\n`);
    made.push(JSON.stringify(one));
  }
  writeFileSync(path, `${[...kept, ...made].join('\n')}\n`);
}
