// Keys of every kind, in every form that Node reads.

import { createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';

const file = (path) => readFileSync(new URL(path, import.meta.url));

export const SECRET = 'a secret of at least 32 bytes, kept well';
export const PASSPHRASE = 'open sesame';

const rsa = createPrivateKey({
  key: file('../../../benches/keys/test-only-rsa-2048.pk8'),
  format: 'der',
  type: 'pkcs8',
});

const generate = (kind, options) => generateKeyPairSync(kind, options).privateKey;
const pss = (hash, saltLength) =>
  generate('rsa-pss', { modulusLength: 2048, hashAlgorithm: hash, mgf1HashAlgorithm: hash, saltLength });

/** Private keys by name. */
export const PRIVATE = {
  rsa,
  'rsa-1024': generate('rsa', { modulusLength: 1024 }),
  'pss-any': generate('rsa-pss', { modulusLength: 2048 }),
  'pss-256': pss('sha256', 32),
  'pss-512-long': pss('sha512', 128),
  'p-256': generate('ec', { namedCurve: 'P-256' }),
  'p-384': generate('ec', { namedCurve: 'P-384' }),
  'p-521': generate('ec', { namedCurve: 'P-521' }),
  secp256k1: generate('ec', { namedCurve: 'secp256k1' }),
  ed25519: generate('ed25519'),
};

/** Their public halves. */
export const PUBLIC = Object.fromEntries(Object.entries(PRIVATE).map(([name, key]) => [name, createPublicKey(key)]));

/** What each is good for, first what it is best for. */
export const ALGORITHMS = {
  rsa: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'rsa-1024': ['RS256', 'PS256'],
  'pss-any': ['PS256'],
  'pss-256': ['PS256'],
  'pss-512-long': ['PS512'],
  'p-256': ['ES256'],
  'p-384': ['ES384'],
  'p-521': ['ES512'],
  secp256k1: ['ES256'],
  ed25519: ['RS256'],
};

/** A private key in every form. */
export function privateForms(key) {
  const pem = key.export({ format: 'pem', type: 'pkcs8' });
  const encrypted = key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: PASSPHRASE });
  const forms = {
    KeyObject: key,
    PEM: pem,
    'PEM in a Buffer': Buffer.from(pem),
    'PEM in a Uint8Array': new Uint8Array(Buffer.from(pem)),
    '{ key }': { key: pem },
    'PEM behind junk': `junk\n${pem}`,
    'DER, said to be': { key: key.export({ format: 'der', type: 'pkcs8' }), format: 'der', type: 'pkcs8' },
    'DER, not said to be': key.export({ format: 'der', type: 'pkcs8' }),
    encrypted: { key: encrypted, passphrase: PASSPHRASE },
    'encrypted, in a Buffer': { key: Buffer.from(encrypted), passphrase: PASSPHRASE },
    'encrypted, without passphrase': encrypted,
    'encrypted, with another passphrase': { key: encrypted, passphrase: 'sesame' },
  };
  if (!key.asymmetricKeyType.startsWith('rsa-')) {
    forms['{ key: jwk }'] = { key: key.export({ format: 'jwk' }), format: 'jwk' };
    forms.jwk = key.export({ format: 'jwk' });
  }
  return forms;
}

/** A public key in every form. */
export function publicForms(key) {
  const pem = key.export({ format: 'pem', type: 'spki' });
  const forms = {
    KeyObject: key,
    PEM: pem,
    'PEM in a Buffer': Buffer.from(pem),
    'PEM in a Uint8Array': new Uint8Array(Buffer.from(pem)),
    '{ key }': { key: pem },
    'PEM behind junk': `junk\n${pem}`,
    'PEM after a BOM': `\ufeff${pem}`,
    'DER, said to be': { key: key.export({ format: 'der', type: 'spki' }), format: 'der', type: 'spki' },
  };
  if (!key.asymmetricKeyType.startsWith('rsa-')) {
    forms['{ key: jwk }'] = { key: key.export({ format: 'jwk' }), format: 'jwk' };
    forms.jwk = key.export({ format: 'jwk' });
  }
  if (key.asymmetricKeyType === 'rsa') forms['PKCS#1'] = key.export({ format: 'pem', type: 'pkcs1' });
  if (key.equals(PUBLIC.rsa)) forms.certificate = file('certificate.pem').toString();
  return forms;
}

/** A secret in every form. */
export function secretForms(secret) {
  const bytes = Buffer.from(secret);
  return {
    text: secret,
    Buffer: bytes,
    Uint8Array: new Uint8Array(bytes),
    DataView: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
    ArrayBuffer: new Uint8Array(bytes).buffer,
    KeyObject: createSecretKey(bytes),
    '{ key }': { key: secret },
    '{ key: jwk }': { key: { kty: 'oct', k: bytes.toString('base64url') }, format: 'jwk' },
  };
}

/** What is no key at all. */
export const NO_KEYS = [undefined, null, '', 0, 7, true, false, {}, [], Symbol('key'), 7n, new Date(0)];
