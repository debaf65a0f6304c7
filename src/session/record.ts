/** The record of a session in the store: JWE compact, `dir`, A256GCM (RFC 7516 section 7.1), under a key that only the cookie has. */
import { hash } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { parseJson } from '../runtime/parse-json.ts';
import type { Session } from './session.ts';
import { readSessionValue, valueOfSession } from './session-value.ts';

/** The length of the key of a record, in bytes. */
export const recordKeyLength = 32;

/** The longest record of a new session, in characters. The store keeps every session in memory. */
export const maxRecord = 64 * 1024;

/** The longest record that is opened. A session can grow when its tokens are renewed. */
const maxOpened = 4 * maxRecord;

const algorithms = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };

const header = { alg: 'dir', enc: 'A256GCM', typ: 'oidc-authz-record' };

/** The only spelling of the header. It is compared as text, so that no other member has an effect. */
const start = `${Buffer.from(JSON.stringify(header)).toString('base64url')}..`;

/** The length of the tag of A256GCM, in characters. */
const tagLength = 22;

/** The begin of the names of records. */
export const recordPrefix = 'session:';

/** The name of the record of a session. It does not show the ID, which the cookie has. */
export function recordNameOf(id: string): string {
  return recordPrefix + digestOf(id);
}

/** The name of the lock of a session. */
export function lockNameOf(id: string): string {
  return `lock:${digestOf(id)}`;
}

/** Seals a session. @param key base64url */
export function sealRecord(session: Session, key: string): Promise<string> {
  return new CompactEncrypt(Buffer.from(JSON.stringify(valueOfSession(session))))
    .setProtectedHeader(header)
    .encrypt(Buffer.from(key, 'base64url'));
}

/**
 * Opens a record.
 *
 * @param id the session that the cookie names
 * @returns undefined if the text is not a record of this session under this key
 */
export async function openRecord(text: string, id: string, key: string): Promise<Session | undefined> {
  if (text.length > maxOpened || !text.startsWith(start)) return undefined;
  try {
    const { plaintext } = await compactDecrypt(text, Buffer.from(key, 'base64url'), algorithms);
    const read = readSessionValue(parseJson(Buffer.from(plaintext).toString()));
    return read?.session.id === id ? { ...read.session, recordKey: key } : undefined;
  } catch {
    return undefined;
  }
}

/** Tells the versions of a record apart: the tag of its ciphertext. */
export function versionOf(text: string): string {
  return text.slice(-tagLength);
}

function digestOf(id: string): string {
  return hash('sha256', id, 'base64url');
}
