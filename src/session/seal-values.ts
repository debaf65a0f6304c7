/** Seals values with the keys of `sessions.keysFile`. */
import { createHmac, type webcrypto } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import type { SessionKey } from '../config/session/session-keys.ts';
import { canonicalBytes } from '../credential/token/compact-jws.ts';
import { parseJson } from '../runtime/parse-json.ts';
import type { Opened, Purpose, Seal } from './seal.ts';

/** The longest sealed value that is opened, in characters: three cookies. */
const maxSealed = 3 * 4_096;

const algorithms = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };

const purposes: readonly Purpose[] = [
  'oidc-authz-session',
  'oidc-authz-login',
  'oidc-authz-ticket',
  'oidc-authz-request',
  'oidc-authz-grant',
  'oidc-authz-revocation',
];

/** The form after the header: no encrypted key, 12 bytes of initialization vector, the ciphertext, 16 bytes of tag. */
const rest = /^\.\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{22})$/;

/** A value that no key opens. It is tried instead of a text of another form, so that both take the same path. */
const decoy = `..${'A'.repeat(16)}.${'A'.repeat(400)}.${'A'.repeat(22)}`;

/** A key with its headers, prepared once. */
interface Prepared {
  readonly key: SessionKey;
  readonly imported: Promise<webcrypto.CryptoKey>;
  /** Derived, because one key must not serve two algorithms (NIST SP 800-57 part 1, section 5.2). */
  readonly namingKey: Buffer;
  /** The encoded header of each purpose. */
  readonly headers: ReadonlyMap<Purpose, string>;
}

/**
 * Creates the seal.
 *
 * A header has exactly one spelling for a key and a purpose. It is compared as text and never parsed, so neither another algorithm nor
 * another member, such as `zip`, has any effect.
 *
 * @param keys the current keys, at least one, the sealing one first; the same object until they change
 */
export function createSeal(keys: () => readonly SessionKey[]): Seal {
  let from: readonly SessionKey[] | undefined;
  let prepared: readonly Prepared[] = [];
  const ring = () => {
    const current = keys();
    if (current !== from) {
      from = current;
      prepared = current.map((key) => prepared.find((one) => one.key.id === key.id) ?? prepare(key));
      ids = current.map(({ id }) => id);
    }
    return prepared;
  };
  let ids: readonly string[] = [];

  const open = async (purpose: Purpose, text: string): Promise<Opened | undefined> => {
    if (text.length > maxSealed) return undefined;
    const [first] = ring();
    if (first === undefined) return undefined;
    const one = ring().find(({ headers }) => text.startsWith(`${headers.get(purpose)}.`));
    const header = (one ?? first).headers.get(purpose) ?? '';
    const tail = text.slice(header.length);
    const isUsable = one !== undefined && isSealed(tail);
    const value = await decrypt(header + (isUsable ? tail : decoy), await (one ?? first).imported);
    if (value === undefined || one === undefined || !isUsable) return undefined;
    return { value, keyId: one.key.id };
  };

  return {
    seal: async (purpose, value) => {
      const [first] = ring();
      if (first === undefined) throw new Error('there is no key to seal with');
      return new CompactEncrypt(Buffer.from(JSON.stringify(value)))
        .setProtectedHeader(headerOf(first.key, purpose))
        .encrypt(await first.imported);
    },
    open,
    otherKeyOf: (purpose, text) => {
      const id = keyIdOf(purpose, text);
      return id === undefined || ring().some(({ key }) => key.id === id) ? undefined : id;
    },
    isOf: (purpose, text) => keyIdOf(purpose, text) !== undefined,
    namesOf: (kind, ...parts) => {
      // JSON, so that no two lists of parts have the same text.
      const text = JSON.stringify([kind, ...parts]);
      return ring().map(({ namingKey }) => createHmac('sha256', namingKey).update(text).digest('base64url'));
    },
    keyIds: () => {
      ring();
      return ids;
    },
  };
}

function prepare(key: SessionKey): Prepared {
  const imported = crypto.subtle.importKey('raw', Uint8Array.from(key.bytes), 'AES-GCM', false, [
    'encrypt',
    'decrypt',
  ]);
  const headers = new Map(purposes.map((purpose) => [purpose, encodedHeader(key, purpose)]));
  const namingKey = createHmac('sha256', key.bytes).update('oidc-authz names').digest();
  return { key, imported, headers, namingKey };
}

function headerOf({ id }: Pick<SessionKey, 'id'>, purpose: Purpose) {
  return { alg: 'dir', enc: 'A256GCM', kid: id, typ: purpose };
}

function encodedHeader(key: Pick<SessionKey, 'id'>, purpose: Purpose): string {
  return Buffer.from(JSON.stringify(headerOf(key, purpose))).toString('base64url');
}

/** The longest header of a value, in characters. */
const longestHeader = 200;

/** The key that the header of a value names, if it has the only form of this service. */
function keyIdOf(purpose: Purpose, text: string): string | undefined {
  const header = text.slice(0, Math.max(0, text.slice(0, longestHeader).indexOf('.')));
  const id = /"kid":"([A-Za-z0-9_-]{8})"/.exec(Buffer.from(header, 'base64url').toString())?.[1];
  return id !== undefined && header === encodedHeader({ id }, purpose) ? id : undefined;
}

/** Whether a text has the form of a sealed value. Another spelling of the same bytes does not. */
function isSealed(tail: string): boolean {
  const [, , ciphertext = '', tag = ''] = rest.exec(tail) ?? [];
  return canonicalBytes(ciphertext) !== undefined && canonicalBytes(tag) !== undefined;
}

async function decrypt(text: string, key: webcrypto.CryptoKey): Promise<unknown> {
  try {
    const { plaintext } = await compactDecrypt(text, key, algorithms);
    return parseJson(Buffer.from(plaintext).toString());
  } catch {
    return undefined;
  }
}
