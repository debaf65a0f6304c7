/** Searches bytes for secrets in every form that a reader of a stolen store can turn back, or compare with a guess. */
import { createHash } from 'node:crypto';

/** The forms of a secret that were found. */
export interface FoundSecret {
  readonly secret: string;
  readonly form: string;
}

/**
 * Searches for secrets: as text, in other encodings, as a hash without a key, and inside of texts in base64 and hex.
 *
 * @param secrets by name
 */
export function findSecrets(
  bytes: Uint8Array,
  secrets: Readonly<Record<string, string>>,
): readonly FoundSecret[] {
  const text = Buffer.from(bytes).toString('latin1');
  const decoded = decodings(text);
  return Object.entries(secrets).flatMap(([secret, value]) => {
    const direct = formsOf(value).filter(([, form]) => text.includes(form));
    const inside = decoded.filter(([, inner]) => inner.includes(Buffer.from(value).toString('latin1')));
    return [...direct, ...inside].map(([form]) => ({ secret, form }));
  });
}

const base64s = ['base64', 'base64url'] as const;
const encodings = [...base64s, 'hex'] as const;
const hashes = ['sha256', 'sha1', 'md5', 'sha512', 'sha384', 'sha3-256', 'blake2b512'] as const;

/** The forms of a secret, as latin1. Its parts between dots count too: a JWT has three. */
function formsOf(value: string): readonly (readonly [form: string, text: string])[] {
  const parts = [value, ...value.split('.').filter((part) => part.length >= 20)];
  const spellings = [...parts, value.toLowerCase(), value.toUpperCase(), encodeURIComponent(value)];
  return [...new Set(spellings)].flatMap((one) => {
    const bytes = Buffer.from(one);
    return [
      ['text', bytes.toString('latin1')] as const,
      ['json', Buffer.from(JSON.stringify(one)).toString('latin1')] as const,
      ['reversed', [...bytes.toString('latin1')].toReversed().join('')] as const,
      ['utf16', Buffer.from(one, 'utf16le').toString('latin1')] as const,
      ['hex', bytes.toString('hex')] as const,
      ['HEX', bytes.toString('hex').toUpperCase()] as const,
      ...base64s.flatMap((encoding) => alignments(bytes, encoding)),
      ...hashes.flatMap((hash) => {
        const digest = createHash(hash).update(bytes).digest();
        return [
          [`${hash} bytes`, digest.toString('latin1')] as const,
          ...encodings.map(
            (encoding) => [`${hash} ${encoding}`, withoutPadding(digest.toString(encoding))] as const,
          ),
        ];
      }),
    ];
  });
}

/** The three spellings of bytes inside of a longer text in base64, without the characters that depend on their neighbours. */
function alignments(bytes: Buffer, encoding: 'base64' | 'base64url') {
  return [0, 1, 2].map((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]).toString(encoding);
    const start = Math.ceil((offset * 8) / 6);
    const end = Math.floor(((offset + bytes.length) * 8) / 6);
    return [`${encoding} at ${offset}`, padded.slice(start, end)] as const;
  });
}

/** Decodes every run of base64 or hex in a text. */
function decodings(text: string): readonly (readonly [form: string, text: string])[] {
  const runs = (pattern: RegExp) => [...text.matchAll(pattern)].map(([run]) => run);
  return [
    ...runs(/[A-Za-z0-9+/_-]{12,}/g).flatMap((run) =>
      [0, 1, 2, 3].map(
        (skip) => ['inside base64', Buffer.from(run.slice(skip), 'base64').toString('latin1')] as const,
      ),
    ),
    ...runs(/[0-9a-fA-F]{16,}/g).map(
      (run) => ['inside hex', Buffer.from(run, 'hex').toString('latin1')] as const,
    ),
  ];
}

function withoutPadding(text: string): string {
  return text.replace(/=+$/, '');
}
