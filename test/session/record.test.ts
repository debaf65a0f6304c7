/** The record of a session: what opens it, and what the store can learn from it. */
import { randomBytes } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { expect, test } from 'vitest';
import {
  lockNameOf,
  maxRecord,
  openRecord,
  recordNameOf,
  sealRecord,
  versionOf,
} from '../../src/session/record.ts';
import { valueOfSession } from '../../src/session/session-value.ts';
import { createTestClock } from '../support/clock.ts';
import { sessionAt } from '../support/sessions.ts';

const newKey = () => randomBytes(32).toString('base64url');
const header = { alg: 'dir', enc: 'A256GCM', typ: 'oidc-authz-record' };
/** A record that this service does not make. */
const sealOther = (text: string, key: string, protectedHeader: object = header) =>
  new CompactEncrypt(Buffer.from(text))
    .setProtectedHeader(protectedHeader as typeof header)
    .encrypt(Buffer.from(key, 'base64url'));

test('a record is opened with its key only, and has the key again, which is not in it', async () => {
  const [session, key] = [sessionAt(createTestClock(), { refreshToken: 'refresh' }), newKey()];
  const record = await sealRecord({ ...session, recordKey: key }, key);
  expect(await openRecord(record, session.id, key)).toEqual({ ...session, recordKey: key });
  expect(await openRecord(record, session.id, newKey())).toBeUndefined();
  const { plaintext, protectedHeader } = await compactDecrypt(record, Buffer.from(key, 'base64url'));
  expect(Buffer.from(plaintext).toString()).not.toContain(key);
  expect(protectedHeader).toEqual(header);
});

test('a record of another session is not opened, even under the same key', async () => {
  const [one, other] = [sessionAt(createTestClock()), sessionAt(createTestClock())];
  const key = newKey();
  expect(await openRecord(await sealRecord(other, key), one.id, key)).toBeUndefined();
});

test('a text with another header, form or content is not opened', async () => {
  const [session, key] = [sessionAt(createTestClock()), newKey()];
  const { id } = session;
  const value = JSON.stringify(valueOfSession(session));
  expect(await openRecord(await sealOther(value, key), id, key)).toBeDefined();
  const others = [
    sealOther(value, key, { alg: 'dir', enc: 'A256GCM' }),
    sealOther(value, key, { ...header, typ: 'oidc-authz-session' }),
    sealOther(value, key, { ...header, kid: 'abcdefgh' }),
    sealOther('{}', key),
    sealOther('not JSON', key),
    sealOther('null', key),
    sealOther(JSON.stringify({ ...valueOfSession(session), v: 2 }), key),
    sealOther(`${value}${' '.repeat(4 * maxRecord)}`, key),
  ];
  for (const record of await Promise.all(others)) expect(await openRecord(record, id, key)).toBeUndefined();
  const record = await sealRecord(session, key);
  for (const text of [
    '',
    '.',
    '....',
    record.slice(1),
    `${record}.`,
    record.replace('..', '.x.'),
    'x'.repeat(2_000_000),
  ])
    expect(await openRecord(text, id, key)).toBeUndefined();
  for (const wrong of ['', 'x', newKey().slice(0, 20)])
    expect(await openRecord(record, id, wrong)).toBeUndefined();
});

test('two records of one session differ, and their versions too', async () => {
  const [session, key] = [sessionAt(createTestClock()), newKey()];
  const [one, two] = [await sealRecord(session, key), await sealRecord(session, key)];
  expect(one).not.toBe(two);
  expect(versionOf(one)).not.toBe(versionOf(two));
  expect(versionOf(one)).toHaveLength(22);
});

test('names do not show the ID', () => {
  // Calculated with `printf %s ID | openssl dgst -sha256 -binary | basenc --base64url`.
  const id = 'AAAAAAAAAAAAAAAAAAAAAA';
  const digest = 'ilvbTMFRZBJsbvJmjendJA0pnOY5ekLJWpQRuT0IDtg';
  expect(recordNameOf(id)).toBe(`session:${digest}`);
  expect(lockNameOf(id)).toBe(`lock:${digest}`);
});
