/** Key sets, public keys and certificates in files that are rewritten, truncated or removed. */
import { createPublicKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Issuer } from '../../src/issuer/issuer.ts';
import { planIssuer } from '../../src/issuer/issuer-plan.ts';
import { systemFiles } from '../../src/runtime/files/file-snapshot.ts';
import { followFiles } from '../../src/runtime/files/follow.ts';
import { configOf, fileFor, until } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';
import { createTestClock } from '../support/clock.ts';
import { createSigningKey, type SigningKey } from '../support/keys.ts';

const keys = [await createSigningKey('a'), await createSigningKey('b')] as const;
const [a, b] = keys;

function folderForTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-keys-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function ownerOf(url: string, more: string) {
  const clock = createTestClock();
  const trust: string[] = [];
  const config = await configOf(
    fileFor(url).replace('name: main', `name: main, algorithms: [RS256], ${more}`),
  );
  const [issuerConfig] = config.issuers;
  if (issuerConfig === undefined) throw new TypeError('no issuer');
  const issuer = planIssuer(issuerConfig, config, {
    clock,
    random: () => 0.5,
    environment: {},
    files: followFiles(systemFiles, clock),
    eventsOf: () => ({
      onFetched: () => {},
      onTrustReload: (error) => trust.push(error?.message ?? 'new'),
      onProblem: () => {},
      onStateChange: () => {},
      onUnusedKeys: () => {},
      onKeysChange: () => {},
    }),
  }).create();
  onTestFinished(issuer.stop);
  issuer.start();
  return { issuer, clock, trust };
}

/** The number of keys in use. The keys of files without `kid` count as one. */
const countOf = (issuer: Issuer): number => JSON.parse(issuer.snapshot().text ?? '').keys.length;

const pemOf = ({ publicJwk }: SigningKey) =>
  createPublicKey({ key: publicJwk as Record<string, string>, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  }) as string;
const setOf = (...members: readonly SigningKey[]) =>
  JSON.stringify({ keys: members.map(({ publicJwk }) => publicJwk) });

const kinds: readonly [option: string, write: (...members: readonly SigningKey[]) => string][] = [
  ['jwksFile: ', setOf],
  ['publicKeyFiles: ', (...members) => members.map(pemOf).join('')],
];

describe.each(kinds)('%s', (option, textOf) => {
  const start = async () => {
    const file = join(folderForTest(), 'keys');
    writeFileSync(file, textOf(a, b));
    const value = option.startsWith('publicKeyFiles') ? `[${file}]` : file;
    const owner = await ownerOf('https://idp.example.com', option + value);
    await owner.issuer.firstKeys;
    return { ...owner, file };
  };

  test('keys stay valid while the file is rewritten in place', async () => {
    const { issuer, clock, file } = await start();
    const next = textOf(b, a, ...[await createSigningKey('c')]);
    for (let length = 0; length < next.length; length += 61) {
      writeFileSync(file, next.slice(0, length));
      await clock.advance(500);
      // A scheduled or requested refresh does not read a partial file either.
      await issuer.refresh();
      expect([length, countOf(issuer), issuer.status().problem]).toEqual([length, 2, undefined]);
      await clock.advance(500);
      expect([length, countOf(issuer)]).toEqual([length, 2]);
    }
    writeFileSync(file, next);
    await clock.advance(2_000);
    expect(issuer.status()).toMatchObject({ state: 'ready' });
    expect(countOf(issuer)).toBe(3);
  });

  test.each<[string, (file: string) => void]>([
    ['a missing file', (file) => rmSync(file)],
    ['an empty file', (file) => writeFileSync(file, '')],
    ['a comment', (file) => writeFileSync(file, '# none\n')],
    ['null', (file) => writeFileSync(file, 'null')],
    ['an empty set', (file) => writeFileSync(file, '{"keys": []}')],
    ['a truncated file', (file) => writeFileSync(file, readFileSync(file, 'utf8').slice(0, -40))],
    [
      'a folder',
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
  ])(
    '%s in its place is reported, the keys stay in use, and a valid file is loaded again',
    async (_, spoil) => {
      const { issuer, clock, file } = await start();
      spoil(file);
      await clock.advance(3_000);
      expect(issuer.status()).toMatchObject({ state: 'stale' });
      expect(countOf(issuer)).toBe(2);
      expect(issuer.status().problem).not.toBe('');
      rmSync(file, { recursive: true, force: true });
      writeFileSync(file, textOf(b));
      await clock.advance(3_000);
      expect(issuer.status()).toMatchObject({ state: 'ready', problem: undefined });
      expect(countOf(issuer)).toBe(1);
    },
  );

  test('uses a change before the first poll', async () => {
    const { issuer, clock, file } = await start();
    writeFileSync(file, textOf(b));
    await clock.advance(3_000);
    expect(countOf(issuer)).toBe(1);
  });
});

describe('caFile', () => {
  const authority = createAuthority();
  const other = createAuthority();

  const start = async () => {
    const { certFile, keyFile } = authority.issue('issuer');
    const credentials = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    const server = https.createServer(credentials, (_, response) => response.end(setOf(a, b)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const file = join(folderForTest(), 'ca.pem');
    writeFileSync(file, other.ca + authority.ca);
    const owner = await ownerOf(url, `jwksUri: "${url}/jwks", trustSystemCas: false, caFile: ${file}`);
    await owner.issuer.firstKeys;
    return { ...owner, file };
  };

  test('stays trusted while the file is rewritten in place', async () => {
    const { issuer, clock, trust, file } = await start();
    const next = `${other.ca}\n${authority.ca}\n`;
    for (let length = 0; length < next.length; length += 97) {
      writeFileSync(file, next.slice(0, length));
      await issuer.refresh();
      expect([length, issuer.status().state, issuer.status().problem]).toEqual([length, 'ready', undefined]);
      await clock.advance(1_000);
    }
    writeFileSync(file, next);
    await clock.advance(2_000);
    await issuer.refresh();
    expect([issuer.status().state, trust]).toEqual(['ready', ['new']]);
  });

  test.each<[string, (file: string) => void]>([
    ['a missing file', (file) => rmSync(file)],
    ['an empty file', (file) => writeFileSync(file, '')],
    ['a comment', (file) => writeFileSync(file, '# none\n')],
    [
      'a complete and a truncated certificate',
      (file) => writeFileSync(file, (other.ca + authority.ca).slice(0, -80)),
    ],
    [
      'an invalid certificate',
      (file) => writeFileSync(file, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    ],
    [
      'a folder',
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
  ])('%s in its place is reported, and the previous CA stays trusted', async (_, spoil) => {
    const { issuer, clock, trust, file } = await start();
    spoil(file);
    await clock.advance(5_000);
    await issuer.refresh();
    expect(issuer.status()).toMatchObject({ state: 'ready', problem: undefined });
    expect(trust).toHaveLength(1);
    expect(trust[0]).toContain(file);
  });

  test('trusts the new CA and no longer the old one', async () => {
    const { issuer, clock, trust, file } = await start();
    writeFileSync(file, other.ca);
    await clock.advance(2_000);
    await issuer.refresh();
    await until(() => issuer.status().state === 'stale');
    expect(trust).toEqual(['new']);
    expect(issuer.status().problem).toMatch(/certificate/);
  });
});
