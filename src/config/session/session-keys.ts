/** Reads `sessions.keysFile`, the file with the keys that seal cookies. No message contains a part of a key. */
import { hash } from 'node:crypto';
import { withoutByteOrderMark } from '../../runtime/byte-order-mark.ts';

/** A key. */
export interface SessionKey {
  /** The `kid`: the first 8 characters of the base64url SHA-256 of the key. */
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Uint8Array;
}

/** The length of a key of A256GCM (RFC 7518 section 5.3), in bytes. */
const keyLength = 32;

/** More keys than this are a mistake, such as another file. */
const maxKeys = 16;

const advice = 'write lines such as the output of `openssl rand -base64 32`';

/**
 * Reads the keys: one on each line, in base64 or base64url. Empty lines are skipped. The first key seals, and every key opens.
 *
 * @throws Error if the file has no key, an invalid one, one twice, or more than 16
 */
export function readSessionKeys(text: string): readonly SessionKey[] {
  const lines = withoutByteOrderMark(text)
    .split(/\r?\n/)
    .map((line, index) => ({ number: index + 1, written: line.trim() }))
    .filter(({ written }) => written !== '');
  if (lines.length === 0) throw new Error(`the file has no key; ${advice}`);
  if (lines.length > maxKeys)
    throw new Error(
      `the file has ${lines.length} lines, and must have at most ${maxKeys} keys; remove old keys`,
    );
  const keys = lines.map(({ number, written }) => readKey(written, number));
  const numbers = new Map<string, number>();
  keys.forEach(({ id }, index) => {
    const number = lines[index]?.number ?? 0;
    const earlier = numbers.get(id);
    if (earlier !== undefined)
      throw new Error(`lines ${earlier} and ${number} have the same key; remove one of them`);
    numbers.set(id, number);
  });
  return keys;
}

function readKey(written: string, line: number): SessionKey {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(written)) throw new Error(`line ${line} is not base64; ${advice}`);
  const bytes = Buffer.from(written, 'base64');
  if (bytes.length !== keyLength)
    throw new Error(`line ${line} has ${bytes.length} bytes instead of ${keyLength}; ${advice}`);
  if (new Set(bytes).size < 8)
    throw new Error(`line ${line} is not random: it repeats a few bytes; ${advice}`);
  return { id: hash('sha256', bytes, 'base64url').slice(0, 8), bytes };
}
