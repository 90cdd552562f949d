// `gate.json` (whole requests), `audit.json` (their events), `address.json` (whose request it is), `origin.json`.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ApiKey, ApiKeys, ConfigError, Gate, Policy } from 'doorward';
import { load, onlyKnown, report } from './shared.mjs';

const GATE = load('gate.json');
const AUDIT = load('audit.json');
const ADDRESS = load('address.json');
const ORIGIN = load('origin.json');
const KEYS = new ApiKeys([new ApiKey({ id: 'ci', key: 'a-key-nobody-guesses' })]);

const folder = mkdtempSync(join(tmpdir(), 'doorward-'));
after(() => rmSync(folder, { recursive: true }));

function moment(now) {
  onlyKnown(now, ['unix', 'mono']);
  return { unix: now.unix, mono: now.mono / 1e6 };
}

/** A new gate of that name, by its variables and, where it has one, its TOML. */
function made(file, name) {
  onlyKnown(file, ['format', 'gates', 'files', 'policy', 'vectors']);
  onlyKnown(file.policy, ['roles']);
  const policy = new Policy({ roles: file.policy.roles });
  const toml = file.files?.[name];
  if (toml === undefined) return Gate.fromEnv(file.gates[name], { policy });
  const path = join(folder, 'doorward.toml');
  writeFileSync(path, toml);
  return Gate.fromConfig(path, file.gates[name], { policy });
}

/** A body: a text as it stands, in base64, or a unit so many times between two others. */
function content(body) {
  if (typeof body === 'string') return Buffer.from(body);
  if ('base64' in body) {
    onlyKnown(body, ['base64']);
    return Buffer.from(body.base64, 'base64');
  }
  onlyKnown(body, ['before', 'unit', 'times', 'after']);
  return Buffer.from(body.before + body.unit.repeat(body.times) + body.after);
}

/** What the issuer said of an opaque token. */
function answered(ask, wanted, now) {
  onlyKnown(wanted, ['url', 'asked', 'answer']);
  assert.deepEqual([ask.question, ask.url, ask.body], ['introspection', wanted.url, wanted.asked]);
  if (wanted.answer === 'unavailable') return ask.unavailable({ now });
  onlyKnown(wanted.answer, ['status', 'body']);
  return ask.replied(wanted.answer.status, content(wanted.answer.body), { now });
}

/** What came of reading the body. */
function read(need, body, now, asText) {
  if (body === undefined || body === null) return need.read('', { now });
  if (body.state !== undefined) {
    onlyKnown(body, ['state']);
    assert.ok(['too_large', 'broken'].includes(body.state));
    return body.state === 'too_large' ? need.tooLarge({ now }) : need.broken({ now });
  }
  return need.read(asText && typeof body === 'string' ? body : content(body), { now });
}

/** The ways to give the same headers. */
const FORMS = {
  pairs: (headers) => headers,
  raw: (headers) => headers.flat(),
  iterable: (headers) => new Set(headers),
  record: (headers) => {
    const record = {};
    for (const [name, value] of headers) (record[name] ??= []).push(value);
    return record;
  },
};

/** Takes a request through the gate to its end. */
function decide(gate, request, now, form, asText) {
  onlyKnown(request, ['method', 'peer', 'headers', 'body', 'introspect']);
  const peer = request.peer ?? undefined;
  let step = gate.begin(request.method, form(request.headers), peer, { now });
  let asked = false;
  while (step.kind === 'ask' || step.kind === 'body') {
    if (step.kind === 'body') step = read(step, request.body, now, asText);
    else [step, asked] = [answered(step, request.introspect, now), true];
  }
  assert.equal(asked, 'introspect' in request);
  return step;
}

function differences(expect, found) {
  onlyKnown(expect, ['admitted', 'session', 'roles', 'scopes', 'status', 'code', 'headers', 'body']);
  const wrong = [];
  for (const [name, value] of Object.entries(expect.headers ?? {})) {
    const values = found.headers.filter(([other]) => other === name).map(([, one]) => one);
    if (String(values) !== (value === null ? '' : value) || values.length !== (value === null ? 0 : 1)) {
      wrong.push(`${name} is ${values}, expected ${value}`);
    }
  }
  if (found.kind === 'admitted') {
    const { principal, session } = found;
    if (principal.id !== expect.admitted) wrong.push(`admitted ${principal.id}`);
    for (const name of ['roles', 'scopes']) {
      if (expect[name] !== undefined && String(principal[name]) !== String(expect[name])) {
        wrong.push(`${name} are ${principal[name]}`);
      }
    }
    if (expect.session !== undefined && (session ?? '') !== expect.session) wrong.push(`session ${session}`);
    return wrong;
  }
  if ('admitted' in expect) wrong.push(`denied: ${found.code}`);
  for (const name of ['status', 'code', 'body']) {
    if (expect[name] !== undefined && found[name] !== expect[name]) wrong.push(`${name} is ${found[name]}`);
  }
  return wrong;
}

for (const [name, form] of Object.entries(FORMS)) {
  test(`every request gets its answer, its headers as ${name}`, () => {
    const failures = [];
    const asText = name !== 'raw';
    // All of them in the two forms that servers have; of the others a share, for each is packed the same way in the end.
    const all = ['pairs', 'raw'].includes(name);
    const vectors = GATE.vectors.filter((_, place) => all || place % 5 === 0);
    for (const vector of vectors) {
      onlyKnown(vector, ['name', 'class', 'gate', 'now', 'request', 'expect', 'steps']);
      const gate = made(GATE, vector.gate);
      const steps = vector.steps ?? [{ request: vector.request, expect: vector.expect }];
      for (const [number, step] of steps.entries()) {
        onlyKnown(step, ['request', 'expect', 'repeat', 'now']);
        const now = moment(step.now ?? vector.now);
        for (let turn = 0; turn < (step.repeat ?? 1); turn++) {
          const found = differences(step.expect, decide(gate, step.request, now, form, asText));
          failures.push(...found.map((one) => `${vector.name}, step ${number + 1}: ${one}`));
        }
      }
    }
    report(failures, vectors.length);
    assert.ok(GATE.vectors.length >= 715);
  });
}

test('every event is the line it must be', () => {
  for (const vector of AUDIT.vectors) {
    onlyKnown(vector, ['name', 'gate', 'now', 'micros', 'request', 'line']);
    const now = moment(vector.now);
    // These headers are UTF-8, as clients that send more than ASCII do; Node reads them as ISO 8859-1.
    const headers = vector.request.headers.map(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
    const decided = decide(made(AUDIT, vector.gate), { ...vector.request, headers }, now, FORMS.pairs, true);
    assert.equal(decided.audit(vector.micros, { now }), vector.line, vector.name);
  }
  assert.ok(AUDIT.vectors.length >= 20);
});

test('every address is the one it must be', () => {
  const failures = [];
  let resolved = 0;
  for (const vector of ADDRESS.vectors) {
    onlyKnown(vector, ['name', 'class', 'trusted', 'header_name', 'ipv6_prefix', 'peer', 'lines', 'expect']);
    const { name, expect, trusted, header_name: forwardedHeader, ipv6_prefix: ipv6Prefix } = vector;
    const options = { apiKeys: KEYS, trustedProxies: trusted, forwardedHeader, ipv6Prefix };
    let gate;
    try {
      gate = new Gate(options);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (error.code !== expect.error || !error.message.includes(String(expect.position ?? ''))) {
        failures.push(`${name}: ${error.code}: ${error.message}`);
      }
      continue;
    }
    if ('error' in expect) {
      failures.push(`${name}: expected ${expect.error}, was taken`);
      continue;
    }
    if (vector.peer === undefined) continue;
    const headers = [
      ['host', 'localhost'],
      ['x-api-key', 'a-key-nobody-guesses'],
    ];
    for (const line of vector.lines) headers.push([forwardedHeader ?? 'x-forwarded-for', line]);
    const found = gate.begin('GET', headers, vector.peer);
    assert.equal(found.kind, 'admitted', name);
    const ignored = found.notes.includes('forwarding_header_ignored');
    if (found.address !== expect.address || ignored !== expect.ignored_forwarding) {
      failures.push(`${name}: ${found.address}, ignored: ${ignored}`);
    }
    resolved += 1;
  }
  report(failures, ADDRESS.vectors.length);
  assert.ok(resolved >= 80, String(resolved));
});

/** What a gate says of a request with these Hosts. */
function judged(gate, name, values) {
  const headers = values.map((value) => [name, value]);
  return gate.begin('GET', [...headers, ['x-api-key', 'a-key-nobody-guesses']], '203.0.113.7');
}

test('every host and origin is what it must be', () => {
  const failures = [];
  for (const vector of ORIGIN.vectors) {
    onlyKnown(vector, [
      'name',
      'class',
      'text',
      'bind',
      'public_url',
      'allowed_hosts',
      'allowed_origins',
      'values',
      'expect',
    ]);
    const { name, expect, class: kind } = vector;
    const options = { apiKeys: KEYS, host: vector.bind, publicUrl: vector.public_url };
    if (kind === 'origin') options.origins = [vector.text];
    if (kind === 'public_url') Object.assign(options, { host: '0.0.0.0', publicUrl: vector.text });
    if (vector.allowed_hosts !== undefined) options.allowedHosts = vector.allowed_hosts;
    if (vector.allowed_origins !== undefined) options.origins = vector.allowed_origins;
    let gate;
    try {
      gate = new Gate(options);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (error.code !== expect.error || !error.message.includes(String(expect.position ?? ''))) {
        failures.push(`${name}: ${error.code}: ${error.message}`);
      }
      continue;
    }
    if ('error' in expect) {
      failures.push(`${name}: expected ${expect.error}, was taken`);
    } else if (kind === 'origin') {
      if (!gate.isListedOrigin(expect.canonical)) failures.push(`${name}: ${expect.canonical} is not listed`);
    } else if (kind === 'public_url') {
      const found = judged(gate, 'host', [new URL(expect.canonical).host]);
      if (found.kind !== 'admitted') failures.push(`${name}: ${found.code}`);
    } else if (kind === 'host') {
      const found = judged(gate, 'host', vector.values);
      const allowed = found.kind === 'admitted';
      if (allowed !== (expect.verdict === 'allowed') || (!allowed && found.code !== 'host_not_allowed')) {
        failures.push(`${name}: ${allowed ? 'allowed' : found.code}`);
      }
    } else {
      assert.equal(kind, 'request_origin');
      const host = vector.public_url === undefined ? 'localhost' : new URL(vector.public_url).host;
      const headers = [
        ['host', host],
        ['x-api-key', 'a-key-nobody-guesses'],
      ];
      for (const value of vector.values) headers.push(['origin', value]);
      const found = gate.begin('GET', headers, '203.0.113.7');
      const allowed = found.kind === 'admitted';
      if (allowed !== (expect.verdict === 'allowed') || (!allowed && found.code !== 'origin_not_allowed')) {
        failures.push(`${name}: ${allowed ? 'allowed' : found.code}`);
      }
      if (expect.listed !== undefined && gate.isListedOrigin(vector.values[0]) !== expect.listed) {
        failures.push(`${name}: listed is not ${expect.listed}`);
      }
    }
  }
  report(failures, ORIGIN.vectors.length);
  assert.ok(ORIGIN.vectors.length >= 170);
});
