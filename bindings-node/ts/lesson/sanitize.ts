/**
 * Takes secrets out of what tools answer: a model reads it, and so does everything that the model is shown to.
 *
 * What it knows: tokens and keys by their shapes, values of members that are named for a secret, and the texts it is told.
 * It is the last of several lines of defence. A secret in a shape of its own, or cut into pieces, goes through.
 */

/** What stands in a secret's place. */
export const REDACTED = '[redacted]';

export interface SanitizeOptions {
  /** Texts that must not get out, as the server's own secrets. Those under 8 characters are passed over: they are in everything. */
  secrets?: readonly string[];
  /** Further members whose values are secrets, in any case, with or without `-` and `_`. */
  members?: readonly string[];
}

/** The deepest a result is looked into; what lies deeper is replaced whole. */
const DEEPEST = 32;
/** The shortest text that is taken for a secret of the server's. */
const SHORTEST = 8;

/** Bounded or unambiguous, so that each takes time linear in the text. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  // Keys of doorward's form, whatever their prefix.
  [/\b[a-z0-9]{1,16}_[a-z0-9]{1,16}_[0-9A-Za-z]{12}_[0-9A-Za-z]{33}\b/g, REDACTED],
  [/\b(bearer|basic)[ \t]+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,32}PRIVATE KEY-----)?/g, REDACTED],
  // Passwords in URLs.
  [/(\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s:@/]{0,64}:)[^\s@/]{1,256}@/gi, `$1${REDACTED}@`],
  // What others' keys begin with: GitHub, OpenAI and those like it, AWS, Slack, Google.
  [
    /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9_-]{20,}|AKIA[A-Z0-9]{16}|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{35})/g,
    REDACTED,
  ],
];

const MEMBERS = [
  'password passwd passphrase secret token apikey accesstoken refreshtoken idtoken clientsecret privatekey',
  'authorization cookie setcookie credential credentials jwt sessionkey signingkey xapikey',
]
  .join(' ')
  .split(' ');

/**
 * A copy of what a tool answers, with what looks like a secret replaced. A text that is JSON as a whole is looked into, and
 * written anew where something in it was replaced.
 */
export function sanitizeOutput<T>(output: T, options: SanitizeOptions = {}): T {
  const secrets = (options.secrets ?? []).filter((secret) => secret.length >= SHORTEST);
  const members = new Set([...MEMBERS, ...(options.members ?? []).map(plain)]);
  let replaced = 0;
  return clean(output, 0) as T;

  function clean(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth === DEEPEST) return redact();
    if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => {
        const isSecret = members.has(plain(name)) && (typeof item === 'string' || typeof item === 'number');
        return [text(name), isSecret ? redact() : clean(item, depth + 1)];
      }),
    );
  }

  function redact(): string {
    replaced += 1;
    return REDACTED;
  }

  function text(value: string): string {
    const inner = embedded(value);
    if (inner !== undefined) {
      const before = replaced;
      const cleaned = clean(inner.value, 1);
      if (replaced > before) return JSON.stringify(cleaned, null, inner.indent);
    }
    let cleaned = tokens(value);
    for (const secret of secrets) cleaned = cleaned.replaceAll(secret, REDACTED);
    for (const [shape, replacement] of SHAPES) cleaned = cleaned.replace(shape, replacement);
    if (cleaned !== value) replaced += 1;
    return cleaned;
  }
}

/** Without its JWTs: of a run of their characters, all from where a header begins, if two dots follow. */
function tokens(text: string): string {
  return text.replace(/[A-Za-z0-9_.-]{20,}/g, (run) => {
    const second = run.lastIndexOf('.', run.lastIndexOf('.') - 1);
    for (let at = run.indexOf('eyJ'); at !== -1 && at < second; at = run.indexOf('eyJ', at + 3)) {
      const before = run[at - 1];
      if (before === undefined || !/[A-Za-z0-9]/.test(before)) return run.slice(0, at) + REDACTED;
    }
    return run;
  });
}

/** A text that is a JSON object or array, and how it was laid out. */
function embedded(text: string): { value: object; indent: number } | undefined {
  const first = text.trimStart()[0];
  if (first !== '{' && first !== '[') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const indent = /^\s*[[{]\r?\n( {1,8})\S/.exec(text)?.[1]?.length ?? 0;
    return typeof value === 'object' && value !== null ? { value, indent } : undefined;
  } catch {
    return undefined;
  }
}

function plain(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase();
}
