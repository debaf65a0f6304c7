/**
 * The same installation in every form, compared with a real oauth2-proxy with its flags: the migration never allows
 * more.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { migrate } from '../../../src/cli/migrate.ts';
import { findOauth2Proxy, type RunningOauth2Proxy, startOauth2Proxy } from '../../../tools/oauth2-proxy.ts';
import { type RunningApp, runApp } from '../../support/app.ts';
import { type FakeIssuer, startFakeIssuer } from '../../support/fake-issuer.ts';
import { exchange, request } from '../../support/http1.ts';
import { describeWith } from '../../support/real-servers.ts';
import { publishWhole } from '../golden.ts';
import { type Access, addresses, issuerUrl, theirFlags, type Wrapped, wrapped } from './wrapped.ts';

const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url));
const cases = wrapped.map((one) => [one.name, one] as const);

function migrated({ name, files }: Wrapped, issuer = issuerUrl, accept: readonly string[] = []) {
  return migrate({
    argv: ['oauth2-proxy', ...files, ...accept.map((one) => `--accept=${one}`)],
    environment: {},
    readFile: (path) =>
      readFileSync(join(fixtures, name, path), 'utf8')
        .replaceAll(issuerUrl, issuer)
        // Combined from two variables.
        .replaceAll('https://id.$(DOMAIN)', issuer),
    readInput: () => '',
  });
}

test.each(cases)('%s: has the expected exit code, and reports what it does not read', async (_, one) => {
  const { exitCode, output, report } = await migrated(one);
  expect([exitCode, exitCode === one.code || report]).toEqual([one.code, true]);
  expect(output === '').toBe(one.code !== 0);
  const lines = report.split('\n').flatMap((line) => /^(\S+) \(.*: refused because/.exec(line)?.[1] ?? []);
  expect([...new Set(lines)].toSorted()).toEqual((one.refused ?? []).toSorted());
  // The report is complete for every exit code, with the settings that were read.
  if (one.name !== 'values-of-two') expect(report).toMatch(/\b(kept as|has no meaning here because)\b/);
  expect(`${output}${report}`).not.toMatch(/hush/);
});

/** Tokens with every combination of audience, address and group, and without any. */
const tokens = [
  undefined,
  ...['orders-api', 'orders-batch', 'other', undefined].flatMap((aud) =>
    ['kim@shop.example', 'sam@shop.example', 'eve@evil.example', 'eve@sub.shop.example', undefined].flatMap(
      (email) =>
        [['clerks'], ['everybody', 'admins'], undefined].map((groups) => ({
          aud,
          email,
          groups,
          email_verified: true,
        })),
    ),
  ),
];

describeWith('a real oauth2-proxy with the same flags', await findOauth2Proxy(), (path) => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-wrapped-'));
  const theirs = new Map<Access, RunningOauth2Proxy>();
  const ours = new Map<string, RunningApp>();
  let issuer: FakeIssuer;
  let credentials: readonly (readonly string[])[];

  beforeAll(async () => {
    if (path === '') return;
    issuer = publishWhole(await startFakeIssuer());
    credentials = await Promise.all(
      tokens.map(async (claims) =>
        claims === undefined ? [] : [`authorization: Bearer ${await issuer.mint({ claims })}`],
      ),
    );
    for (const access of ['domain', 'addresses', 'one address'] as const) {
      const file = join(folder, access.replace(' ', '-'));
      if (access !== 'domain') writeFileSync(file, addresses[access].join('\n'));
      const flags = theirFlags(issuer.url, access === 'domain' ? undefined : file);
      theirs.set(access, await startOauth2Proxy(path, flags));
    }
  });
  afterAll(async () => {
    for (const proxy of theirs.values()) await proxy.stop();
    for (const app of ours.values()) await app.stop();
    await issuer?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const outcomes = async (port: number) => {
    const answers: boolean[] = [];
    for (const lines of credentials) {
      const response = await exchange(port, request('GET', '/orders', lines));
      answers.push(response?.status === 200);
    }
    return answers;
  };
  const answers = new Map<string, Promise<boolean[]>>();

  const read = cases.filter(([, { code }]) => code === 0);
  test.each(read)('%s: allows the same callers as oauth2-proxy, and no others', async (_, one) => {
    const { access = 'domain' } = one;
    const { output } = await migrated(one, issuer.url);
    const file = JSON.stringify({
      ...(parse(output) as object),
      http: { host: '127.0.0.1', port: 0 },
      grpc: { enabled: false },
      admin: { host: '127.0.0.1', port: 0 },
      shutdown: { delay: '0s', timeout: '5s' },
    });
    const own = answers.getOrInsertComputed(file, async () => {
      const app = await runApp({ issuer, file });
      ours.set(file, app);
      return outcomes(app.httpPort);
    });
    const their = answers.getOrInsertComputed(access, () => outcomes(theirs.get(access)?.port ?? 0));
    const passed = (list: readonly boolean[]) => tokens.filter((_token, index) => list[index]);
    expect(passed(await own)).toEqual(passed(await their));
    expect(passed(await own).length).toBeGreaterThan(1);
  });
});

describe('a refused setting', () => {
  const refused = cases.filter(([, { code }]) => code === 3);
  test.each(refused)('%s: is lost only if it is accepted by name', async (_, one) => {
    const { exitCode, output, report } = await migrated(one, undefined, one.refused);
    // Without an issuer or a client there is no configuration.
    const isLacking = ['client-id', 'oidc-issuer-url'].some((name) => one.refused?.includes(name));
    expect([exitCode, exitCode === 0 || isLacking || report]).toEqual([isLacking ? 2 : 0, true]);
    expect(output === '').toBe(isLacking);
  });
});
