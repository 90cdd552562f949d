// jsonwebtoken as TypeScript programs use it: the same text is compiled against its own types and against the drop-in's.

import { createPublicKey, createSecretKey } from 'node:crypto';
import { promisify } from 'node:util';
import jwt, { type Algorithm, JsonWebTokenError, type JwtPayload, TokenExpiredError, verify } from 'jsonwebtoken';
import * as everything from 'jsonwebtoken';

const secret: jwt.Secret = process.env.JWT_SECRET ?? 'a secret';

interface Session extends JwtPayload {
  userId: string;
}

// Making tokens.
const options: jwt.SignOptions = {
  algorithm: 'HS256',
  expiresIn: '15m',
  audience: ['a', 'b'],
  header: { alg: 'HS256', kid: 'k' },
};
const made: string = jwt.sign({ userId: '5' }, secret, options);
jwt.sign('text', Buffer.from('key'), { noTimestamp: true, keyid: 'k', mutatePayload: false, encoding: 'utf8' });
jwt.sign({}, createSecretKey(Buffer.from('key')), {
  notBefore: 60,
  expiresIn: 3600,
  jwtid: 'j',
  subject: 's',
  issuer: 'i',
});
jwt.sign({}, { key: '-----BEGIN', passphrase: 'open sesame' }, { algorithm: 'RS256', allowInsecureKeySizes: true });
jwt.sign({}, null, { algorithm: 'none' });
jwt.sign({ a: 1 }, secret, (error: Error | null, token?: string) => {
  const text: string | undefined = token;
  throw error ?? new Error(text);
});
jwt.sign({ a: 1 }, secret, { expiresIn: '7 days' }, (error: Error | null, token: string | undefined) => [error, token]);
const forSigning: jwt.SignCallback = (error, encoded) => [error, encoded];
jwt.sign(Buffer.from('bytes'), secret, {}, forSigning);

// @ts-expect-error -- no such unit
jwt.sign({}, secret, { expiresIn: '5 parsecs' });
// @ts-expect-error -- no such algorithm
jwt.sign({}, secret, { algorithm: 'HS128' });
// @ts-expect-error -- no such option
jwt.sign({}, secret, { expires: 5 });
// @ts-expect-error -- no number is a payload
jwt.sign(5, secret);

// Verifying them.
const claims: string | jwt.JwtPayload = jwt.verify(made, secret);
const session = verify(made, secret, { algorithms: ['HS256'], audience: /^a$/, issuer: ['i', 'j'] }) as Session;
const user: string = session.userId;
const subject: string | undefined = session.sub;
const whole: jwt.Jwt = jwt.verify(made, secret, { complete: true, maxAge: '1d', clockTolerance: 5, clockTimestamp: 5 });
const header: jwt.JwtHeader = whole.header;
const kid: string | undefined = header.kid;
const payload: string | jwt.JwtPayload = whole.payload;
const given: jwt.VerifyOptions = {
  nonce: 'n',
  ignoreExpiration: true,
  ignoreNotBefore: true,
  jwtid: 'j',
  subject: 's',
};
const either: string | jwt.JwtPayload | jwt.Jwt = jwt.verify(made, createPublicKey('-----BEGIN'), given);
jwt.verify(made, { key: {}, format: 'jwk' }, { audience: ['a', /b/], allowInvalidAsymmetricKeyTypes: false });

// @ts-expect-error -- the claims are text or an object
const wrong: number = jwt.verify(made, secret);
// @ts-expect-error -- no such option
jwt.verify(made, secret, { algorithm: 'HS256' });
// @ts-expect-error -- a list
jwt.verify(made, secret, { algorithms: 'HS256' });

// With callbacks, and keys that are looked up.
jwt.verify(made, secret, (error, decoded) => {
  const all: jwt.VerifyErrors | null = error;
  const what: string | jwt.JwtPayload | undefined = decoded;
  return [all, what];
});
const lookUp: jwt.GetPublicKeyOrSecret = (head, found) => {
  const key: string | undefined = head.kid;
  if (key === undefined) found(new Error('no kid'));
  else found(null, createPublicKey(key));
};
jwt.verify(made, lookUp, { algorithms: ['RS256'], complete: true }, (error, decoded) => [error, decoded?.header.alg]);
jwt.verify(
  made,
  (head: jwt.JwtHeader, found: jwt.SigningKeyCallback) => found(null, `${head.kid}`),
  {},
  (error, decoded) => {
    if (typeof decoded !== 'string') return decoded?.exp;
    return error?.message;
  },
);
const forVerifying: jwt.VerifyCallback<jwt.JwtPayload | string> = (error, decoded) => [error, decoded];
jwt.verify(made, secret, forVerifying);
const later = promisify<string, jwt.Secret, unknown>(
  jwt.verify as (token: string, key: jwt.Secret, done: jwt.VerifyCallback) => void,
);

// Reading without verifying.
const decoded: null | jwt.JwtPayload | string = jwt.decode(made);
const asJson: null | jwt.JwtPayload = jwt.decode(made, { json: true });
const asWhole: null | jwt.Jwt = jwt.decode(made, { complete: true });

// Errors.
class Refused extends JsonWebTokenError {
  constructor() {
    super('refused', new Error('why'));
  }
}
function status(error: unknown): number | string {
  if (error instanceof TokenExpiredError) return error.expiredAt.getTime();
  if (error instanceof jwt.NotBeforeError) return error.date.getTime();
  if (error instanceof Refused || error instanceof everything.JsonWebTokenError) return error.inner.message;
  return new jwt.TokenExpiredError('jwt expired', new Date()).name;
}

const algorithm: Algorithm = 'ES512';
const key: jwt.PublicKey | jwt.PrivateKey = '-----BEGIN';
export {
  algorithm,
  asJson,
  asWhole,
  claims,
  decoded,
  either,
  everything,
  key,
  kid,
  later,
  payload,
  status,
  subject,
  user,
  wrong,
};
