/** Keys in PEM files: they have no `kid`, and the checks of published keys apply to them. */
import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkConfig } from '../../../src/cli/check-config.ts';
import { keySetOfPem } from '../../../src/issuer/keys/pem.ts';
import { configOf } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';
import { startCore } from '../../support/core.ts';
import { audience, startFakeIssuer } from '../../support/fake-issuer.ts';
import { createSigningKey, type SigningKey } from '../../support/keys.ts';
import { checkRequest } from '../../support/requests.ts';

const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-pem-'));

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }) as string;
}

function pemOfKey({ publicJwk }: SigningKey): string {
  return pemOf(createPublicKey({ key: publicJwk as Record<string, string>, format: 'jwk' }));
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const configuration = (issuer: string, files: readonly string[], more = '') =>
  configOf(
    `issuers: [{issuer: "${issuer}", audiences: [${audience}], publicKeyFiles: ${JSON.stringify(files)}${more}}]`,
  );

describe('publicKeyFiles', () => {
  test('accept a token with any kid that one of the keys signed, without a fetch', async () => {
    const keys = [
      await createSigningKey('a'),
      await createSigningKey('b'),
      await createSigningKey('c', 'ES256'),
    ];
    const issuer = await startFakeIssuer({ keys });
    onTestFinished(issuer.close);
    const files = keys.map((key, index) => write(`key-${index}.pem`, pemOfKey(key)));
    const core = await startCore(await configuration(issuer.url, files, ', algorithms: [RS256, ES256]'));
    onTestFinished(core.stop);
    const reasonOf = async (key: SigningKey, header = {}) => {
      const token = await issuer.mint({ key, header });
      return (await core.check(checkRequest({ authorization: [`Bearer ${token}`] }))).reason;
    };
    for (const key of keys) {
      expect(await reasonOf(key)).toBe('allowed');
      expect(await reasonOf(key, { kid: 'unheard of' })).toBe('allowed');
      expect(await reasonOf(key, { kid: undefined })).toBe('allowed');
    }
    expect(await reasonOf(await createSigningKey('a'))).toBe('signature_invalid');
    expect(await reasonOf(await createSigningKey('a', 'EdDSA'))).toBe('algorithm_not_allowed');
    expect(issuer.hits).toEqual({ discovery: 0, jwks: 0 });
  });

  test('are read again when they change, and tokens of a removed key are denied', async () => {
    const [old, next] = [await createSigningKey('a'), await createSigningKey('b')];
    const issuer = await startFakeIssuer({ keys: [old] });
    onTestFinished(issuer.close);
    const file = write('changing.pem', pemOfKey(old));
    const clock = createTestClock();
    const core = await startCore(await configuration(issuer.url, [file]), clock);
    onTestFinished(core.stop);
    const reasonOf = async (key: SigningKey) =>
      (await core.check(checkRequest({ authorization: [`Bearer ${await issuer.mint({ key })}`] }))).reason;
    expect(await reasonOf(old)).toBe('allowed');
    writeFileSync(file, pemOfKey(next));
    await clock.advance(2_500);
    expect([await reasonOf(old), await reasonOf(next)]).toEqual(['signature_invalid', 'allowed']);
  });

  test('may be certificates, and several in one file', async () => {
    const [key, certificate] = [join(folder, 'c.key'), join(folder, 'c.pem')];
    const words = 'req -x509 -newkey rsa:2048 -nodes -subj /CN=x -days 1'.split(' ');
    execFileSync('openssl', [...words, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    const { publicKey } = generateKeyPairSync('ed25519');
    const text = `${execFileSync('cat', [certificate])}\n# and\n${pemOf(publicKey)}`;
    const { keys } = JSON.parse(keySetOfPem([text])) as { keys: { kty: string }[] };
    expect(keys.map(({ kty }) => kty)).toEqual(['RSA', 'OKP']);
  });

  test.each([
    ['no PEM block', 'hello', /expected a public key in PEM \(/],
    [
      'a private key',
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      /got a private key/,
    ],
    [
      'garbage in PEM',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
      /for RSA, an elliptic curve/,
    ],
    [
      'a weak key',
      pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
      /no usable key \(keys\[0\]: size\)/,
    ],
  ])('that contain %s are a problem in check-config', async (name, text, message) => {
    const file = write(`${name}.pem`, text);
    const yaml = `issuers: [{issuer: "https://a.example.com", audiences: [a], publicKeyFiles: ["${file}"]}]`;
    const { output, exitCode } = await checkConfig({
      flags: [{ name: '--config', value: 'c.yaml' }],
      environment: {},
      readFile: (path) => (path === 'c.yaml' ? yaml : text),
    });
    expect(exitCode).toBe(2);
    expect(output).toMatch(message);
    expect(output).toContain('issuers[0].publicKeyFiles[0]');
    expect(output).not.toContain('AAAA');
  });
});
