/**
 * ECDSA signatures from DER (RFC 3279 §2.2.3), as OpenSSL has them, to two numbers side by side, as tokens have them (RFC
 * 7518 §3.4), and back. Node can do so itself, but by the key's curve: here it is by the algorithm's name, which need not be
 * the key's where `allowInvalidAsymmetricKeyTypes` is set.
 */

/** Bytes of each number. */
const SIZES: Record<string, number> = { ES256: 32, ES384: 48, ES512: 66 };

const SEQUENCE = 0x30;
const INTEGER = 0x02;

const sizeOf = (algorithm: string): number => SIZES[algorithm] ?? 0;

/** From DER. Throws for what is no signature by a curve, or by a larger one. */
export function joseOf(der: Buffer, algorithm: string): Buffer {
  const size = sizeOf(algorithm);
  if (der[0] !== SEQUENCE) throw new Error('Could not find expected "seq"');
  const out = Buffer.alloc(2 * size);
  // A length of 128 and more takes a byte that says so.
  let at = der[1] === 0x81 ? 3 : 2;
  for (const [place, name] of ['r', 's'].entries()) {
    const length = der[at + 1] ?? 0;
    if (der[at] !== INTEGER) throw new Error(`Could not find expected "int" for "${name}"`);
    if (length > size + 1) {
      throw new Error(`"${name}" specified length of "${length}", max of "${size + 1}" is acceptable`);
    }
    const number = der.subarray(at + 2, at + 2 + length);
    // Without the zero that keeps it from reading as negative.
    const bare = number.subarray(Math.max(length - size, 0));
    bare.copy(out, (place + 1) * size - bare.length);
    at += 2 + length;
  }
  return out;
}

/** To DER. Throws for what has not the algorithm's length. */
export function derOf(jose: Buffer, algorithm: string): Buffer {
  const size = sizeOf(algorithm);
  if (jose.length !== 2 * size) {
    throw new TypeError(`"${algorithm}" signatures must be "${2 * size}" bytes, saw "${jose.length}"`);
  }
  const numbers = [jose.subarray(0, size), jose.subarray(size)].map((bytes) => {
    // At least one byte, and none too many; a zero before what would read as negative.
    const first = bytes.subarray(0, -1).findIndex((byte) => byte !== 0);
    const bare = bytes.subarray(first < 0 ? size - 1 : first);
    const sign = (bare[0] ?? 0) >= 0x80 ? [0] : [];
    return Buffer.concat([Buffer.from([INTEGER, bare.length + sign.length, ...sign]), bare]);
  });
  const length = numbers.reduce((sum, number) => sum + number.length, 0);
  return Buffer.concat([Buffer.from(length < 0x80 ? [SEQUENCE, length] : [SEQUENCE, 0x81, length]), ...numbers]);
}
