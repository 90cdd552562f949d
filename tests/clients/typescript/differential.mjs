// jose's verdict on each token of a file, a line each: `ok`, or the code of its error.
//
// The first line of the file holds the time and the keys, each other line a token and what is asked of it: see
// `tests/tests/differential`.

import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { jwtVerify } from 'jose'

/** How many verifications are under way at once. */
const AT_ONCE = 500

const [first, ...lines] = readFileSync(process.argv[2], 'utf8').trimEnd().split('\n')
const { now, keys: texts } = JSON.parse(first)
const currentDate = new Date(now * 1000)
const keys = Object.fromEntries(
  Object.entries(texts).map(([name, key]) => [
    name,
    key.secret_hex === undefined ? createPublicKey(key.pem) : new Uint8Array(Buffer.from(key.secret_hex, 'hex')),
  ]),
)

async function verdict(line) {
  const { token, key, algorithms, issuer, audience, subject, tolerance } = JSON.parse(line)
  const options = { algorithms, currentDate, clockTolerance: tolerance, requiredClaims: ['exp'] }
  if (issuer !== null) options.issuer = issuer
  if (Array.isArray(audience)) options.audience = audience
  if (subject !== null) options.subject = subject
  try {
    await jwtVerify(token, keys[key], options)
    return 'ok'
  } catch (error) {
    // What is none of its own errors is told apart.
    return error.code?.startsWith('ERR_J') ? error.code : `!${error.name}`
  }
}

for (let at = 0; at < lines.length; at += AT_ONCE) {
  const verdicts = await Promise.all(lines.slice(at, at + AT_ONCE).map(verdict))
  process.stdout.write(verdicts.join('\n') + '\n')
  if (at > 0 && at % 25_000 === 0) process.stderr.write(`differential: jose ${at}\n`)
}
