/** Sealed values, against node:crypto as a second implementation and jose as the tool of an attacker. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { readSessionKeys, type SessionKey } from '../../src/config/session/session-keys.ts';
import type { Purpose } from '../../src/session/seal.ts';
import { createSeal } from '../../src/session/seal-values.ts';

const keysOf = (count: number) =>
  readSessionKeys(Array.from({ length: count }, () => randomBytes(32).toString('base64')).join('\n'));
const [key, otherKey] = keysOf(2) as [SessionKey, SessionKey];
const seal = createSeal(() => [key]);
const session = 'oidc-authz-session';
const value = { a: 'ä'.repeat(100), n: 1, list: [null, true], nested: { x: '"\\' } };

const encoded = (header: object) => Buffer.from(JSON.stringify(header)).toString('base64url');

/** Seals with node:crypto (RFC 7516 section 5.1). */
function sealWithNode(header: string, plaintext: string, { bytes }: SessionKey): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', bytes, iv).setAAD(Buffer.from(header));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const parts = [
    header,
    '',
    ...[iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url')),
  ];
  return parts.join('.');
}

/** Opens with node:crypto (RFC 7516 section 5.2). */
function openWithNode(text: string, { bytes }: SessionKey): unknown {
  const [header = '', , iv = '', ciphertext = '', tag = ''] = text.split('.');
  const decipher = createDecipheriv('aes-256-gcm', bytes, Buffer.from(iv, 'base64url'))
    .setAAD(Buffer.from(header))
    .setAuthTag(Buffer.from(tag, 'base64url'));
  return JSON.parse(
    Buffer.concat([decipher.update(Buffer.from(ciphertext, 'base64url')), decipher.final()]).toString(),
  );
}

const ownHeader = (purpose: Purpose = session, { id }: SessionKey = key) => ({
  alg: 'dir',
  enc: 'A256GCM',
  kid: id,
  typ: purpose,
});

test('opens what it sealed, and names the key', async () => {
  const sealed = await seal.seal(session, value);
  expect(await seal.open(session, sealed)).toEqual({ value, keyId: key.id });
  expect(sealed).toMatch(/^[A-Za-z0-9_.-]+$/);
  expect(await seal.seal(session, value)).not.toBe(sealed);
});

test('node:crypto opens our values, and we open those of node:crypto', async () => {
  const sealed = await seal.seal(session, value);
  expect(openWithNode(sealed, key)).toEqual(value);
  expect(JSON.parse(Buffer.from(sealed.split('.')[0] ?? '', 'base64url').toString())).toEqual(ownHeader());
  const opened = await seal.open(session, sealWithNode(encoded(ownHeader()), JSON.stringify(value), key));
  expect(opened?.value).toEqual(value);
});

describe('does not open', () => {
  test('a value with one changed, added or removed character', async () => {
    const sealed = await seal.seal(session, { short: true });
    const changed = [...sealed].flatMap((character, index) => {
      const [before, rest] = [sealed.slice(0, index), sealed.slice(index + 1)];
      const others = ['A', 'B', '-', '.', '=', ' ', 'é'].filter((other) => other !== character);
      return [
        ...others.map((other) => before + other + rest),
        before + rest,
        `${before}${character}A${rest}`,
      ];
    });
    const opened = await Promise.all(changed.map((text) => seal.open(session, text)));
    expect(opened.filter((one) => one !== undefined)).toEqual([]);
    expect(changed.length).toBeGreaterThan(1_000);
  });

  test('another spelling of the same bytes', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const sealed = await seal.seal(session, 1);
    const last = alphabet.indexOf(sealed.at(-1) ?? '');
    const other = sealed.slice(0, -1) + alphabet[last + 1];
    expect(openWithNode(other, key)).toBe(1);
    expect(await seal.open(session, other)).toBeUndefined();
    expect(await seal.open(session, `${sealed}==`)).toBeUndefined();
  });

  test('a value with another purpose, in both directions', async () => {
    const login = 'oidc-authz-login';
    expect(await seal.open(session, await seal.seal(login, value))).toBeUndefined();
    expect(await seal.open(login, await seal.seal(session, value))).toBeUndefined();
    // The header of one on the body of the other.
    const [, ...body] = (await seal.seal(login, value)).split('.');
    expect(await seal.open(session, [encoded(ownHeader()), ...body].join('.'))).toBeUndefined();
  });

  test('parts of two values', async () => {
    const [one = [], two = []] = await Promise.all(
      [1, 2].map(async (number) => (await seal.seal(session, { number })).split('.')),
    );
    for (const index of [2, 3, 4]) {
      const mixed = one.with(index, two[index] ?? '');
      expect(await seal.open(session, mixed.join('.'))).toBeUndefined();
    }
  });

  test.each([
    ['A128GCM', { alg: 'dir', enc: 'A128GCM' }, 16],
    ['A256CBC-HS512', { alg: 'dir', enc: 'A256CBC-HS512' }, 64],
    ['A256KW', { alg: 'A256KW', enc: 'A256GCM' }, 32],
    ['A256GCMKW', { alg: 'A256GCMKW', enc: 'A256GCM' }, 32],
  ])('%s', async (_, header, length) => {
    const bytes = Uint8Array.from({ length }, (_item, index) => key.bytes[index % 32] ?? 0);
    const text = await new CompactEncrypt(Buffer.from('{}'))
      .setProtectedHeader({ ...header, kid: key.id, typ: session })
      .encrypt(bytes);
    expect(await seal.open(session, text)).toBeUndefined();
  });

  test('a compressed value', async () => {
    const text = await new CompactEncrypt(Buffer.from(JSON.stringify(value)))
      .setProtectedHeader({ ...ownHeader(), zip: 'DEF' } as never)
      .encrypt(key.bytes);
    expect(await seal.open(session, text)).toBeUndefined();
  });

  test.each([
    ['another order of members', { typ: session, kid: key.id, enc: 'A256GCM', alg: 'dir' }],
    ['one more member', { ...ownHeader(), x: 1 }],
    ['crit', { ...ownHeader(), crit: ['exp'], exp: 1 }],
    ['no kid', { alg: 'dir', enc: 'A256GCM', typ: session }],
    ['no typ', { alg: 'dir', enc: 'A256GCM', kid: key.id }],
    ['another typ', { ...ownHeader(), typ: 'oidc-authz-grant' }],
    ['a list as typ', { ...ownHeader(), typ: [session] }],
  ])('a header with %s, sealed with the right key', async (_, header) => {
    expect(await seal.open(session, sealWithNode(encoded(header), '{}', key))).toBeUndefined();
  });

  test('a value of a key that names another key', async () => {
    const both = createSeal(() => [key, otherKey]);
    const text = sealWithNode(encoded(ownHeader(session, otherKey)), '{}', key);
    expect(await both.open(session, text)).toBeUndefined();
  });

  test('a text that is not JSON', async () => {
    expect(await seal.open(session, sealWithNode(encoded(ownHeader()), '{', key))).toBeUndefined();
    expect(await seal.open(session, sealWithNode(encoded(ownHeader()), '', key))).toBeUndefined();
  });

  test.each([
    ['nothing', ''],
    ['a word', 'session'],
    ['dots', '....'],
    ['only the header', encoded(ownHeader())],
    ['an encrypted key', `${encoded(ownHeader())}.AAAA.${'A'.repeat(16)}.AAAA.${'A'.repeat(22)}`],
    ['a signed token', 'eyJhbGciOiJub25lIn0.e30.'],
    ['deeply nested JSON', `${encoded({})}..${'['.repeat(9_000)}`],
  ])('%s', async (_, text) => {
    expect(await seal.open(session, text)).toBeUndefined();
  });

  test('a value that is longer than three cookies', async () => {
    const long = await seal.seal(session, 'x'.repeat(10_000));
    expect(long.length).toBeGreaterThan(3 * 4_096);
    expect(await seal.open(session, long)).toBeUndefined();
    expect((await seal.open(session, await seal.seal(session, 'x'.repeat(9_000))))?.value).toHaveLength(
      9_000,
    );
  });
});

test('every text takes the same path to its end: one decryption', async () => {
  const sealed = await seal.seal(session, value);
  const login = await seal.seal('oidc-authz-login', value);
  const decrypt = vi.spyOn(crypto.subtle, 'decrypt');
  onTestFinished(() => decrypt.mockRestore());
  for (const text of [
    sealed,
    `${sealed.slice(0, -22)}${'A'.repeat(22)}`,
    login,
    sealWithNode(encoded(ownHeader(session, otherKey)), '{}', otherKey),
    sealWithNode(encoded({ ...ownHeader(), zip: 'DEF' }), '{}', key),
    encoded(ownHeader()),
    'eyJhbGciOiJub25lIn0.e30.',
    'x',
    '',
  ]) {
    decrypt.mockClear();
    await seal.open(session, text);
    expect(decrypt).toHaveBeenCalledTimes(1);
  }
});

describe('keys', () => {
  test('a new first key seals, and the old one still opens until it is removed', async () => {
    let keys = [key];
    const rotating = createSeal(() => keys);
    const old = await rotating.seal(session, 1);
    keys = [otherKey, key];
    expect(rotating.keyIds()).toEqual([otherKey.id, key.id]);
    expect(await rotating.open(session, old)).toEqual({ value: 1, keyId: key.id });
    const now = await rotating.seal(session, 2);
    expect(await rotating.open(session, now)).toEqual({ value: 2, keyId: otherKey.id });
    keys = [otherKey];
    expect(await rotating.open(session, old)).toBeUndefined();
    expect((await rotating.open(session, now))?.value).toBe(2);
  });

  test('without a key, nothing opens and nothing is sealed', async () => {
    const empty = createSeal(() => []);
    expect(empty.keyIds()).toEqual([]);
    expect(await empty.open(session, await seal.seal(session, 1))).toBeUndefined();
    await expect(empty.seal(session, 1)).rejects.toThrow('no key');
  });
});
