/**
 * The pages of providers. Each token is from the page, signed with a test key. Each configuration is from the page, and its issuer responds at
 * its real address through an egress proxy. The result of each mistake on a page is compared with the result of the service.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { checkConfig } from '../../src/cli/check-config.ts';
import { type RunningApp, startApp, until } from '../support/app.ts';
import type { FakeIssuer } from '../support/fake-issuer.ts';
import { exchange, request } from '../support/http1.ts';
import { createSigningKey, type SigningKey } from '../support/keys.ts';
import { blocksOf, readPage, rowsOf } from '../support/pages.ts';
import type { Difference, Parts, Pass, Provider } from '../support/provider.ts';
import { providers } from '../support/providers.ts';
import { type SimulatedInternet, startSimulatedInternet } from '../support/simulated-internet.ts';

const folder = fileURLToPath(new URL('../../docs/providers/', import.meta.url));

const listeners = {
  http: { host: '127.0.0.1', port: 0 },
  grpc: { host: '127.0.0.1', port: 0 },
  admin: { host: '127.0.0.1', port: 0 },
  shutdown: { delay: '0s', timeout: '5s' },
};

let published: SigningKey;
let unpublished: SigningKey;
let internet: SimulatedInternet;

beforeAll(async () => {
  [published, unpublished] = [await createSigningKey('published'), await createSigningKey('unpublished')];
  const hosts = providers.flatMap(({ documents, mistakes, passes }) =>
    [documents, ...[Object.values(mistakes), passes].flat(2).map((one) => one.documents ?? {})]
      .flatMap(Object.keys)
      .map((url) => new URL(url).hostname),
  );
  internet = await startSimulatedInternet([...new Set(hosts)]);
});
afterAll(() => internet.close());

/** The configurations of a page, and the pairs of header and payload. */
function examplesOf(page: string) {
  const blocks = blocksOf(readPage(`providers/${page}`));
  const configurations = blocks
    .filter(({ language }) => language === 'yaml')
    .map(({ text }) => ({ text, read: parse(text) as { issuers?: Parts[] } }))
    .filter(({ read }) => read.issuers !== undefined);
  const json = blocks
    .filter(({ language }) => language === 'json')
    .map(({ text }) => JSON.parse(text) as Parts);
  const tokens = Array.from({ length: json.length / 2 }, (_, index) => ({
    header: json[2 * index] ?? {},
    payload: json[2 * index + 1] ?? {},
  }));
  return { configurations, tokens };
}

function changed(parts: Parts, changes: Parts = {}): Parts {
  return Object.fromEntries(
    Object.entries({ ...parts, ...changes }).filter(([, value]) => value !== undefined),
  );
}

/** A token of the page with current times, and with changes. */
async function tokenOf({ page }: Provider, difference: Difference): Promise<string> {
  if (difference.text !== undefined) return difference.text;
  const { header, payload } = examplesOf(page).tokens[difference.token ?? 0] ?? { header: {}, payload: {} };
  const now = Math.floor(Date.now() / 1000);
  const times = { iat: now - 10, ...('nbf' in payload && { nbf: now - 10 }), exp: now + 300 };
  const claims = changed({ ...payload, ...times }, difference.claims);
  const key = difference.signed === 'unpublished' ? unpublished : published;
  const parameters = { ...changed(header, difference.header), kid: key.kid } as { alg: string; kid: string };
  const sign = (alg: string, by: SigningKey['privateKey'] | Uint8Array, more: Parts = {}) =>
    new SignJWT(claims).setProtectedHeader({ ...parameters, ...more, alg }).sign(by);
  if (difference.signed === 'secret') return sign('HS256', new Uint8Array(64));
  if (parameters.alg !== published.algorithm) {
    const other = await createSigningKey(key.kid, parameters.alg);
    return sign(parameters.alg, other.privateKey);
  }
  if (difference.signed !== 'other header') return sign('RS256', key.privateKey);
  // The signature covers a hash of the nonce, but the sent header has the nonce itself.
  const [, body, signature] = (await sign('RS256', key.privateKey, { nonce: 'a hash' })).split('.');
  const sent = Buffer.from(JSON.stringify(parameters)).toString('base64url');
  return `${sent}.${body}.${signature}`;
}

/** The service with a configuration of the page and changes. It reaches its issuers through the proxy. */
async function serviceOf({ page, documents }: Provider, difference: Difference): Promise<RunningApp> {
  const { configurations } = examplesOf(page);
  const read = configurations[difference.configuration ?? 0]?.read ?? {};
  const through = { httpsProxy: internet.proxy, caFile: internet.caFile };
  const issuers = (read.issuers ?? []).map((issuer) => ({
    ...changed(issuer, difference.issuer),
    ...through,
  }));
  const all = changed(documents, difference.documents);
  const keys = { keys: [published.publicJwk] };
  internet.documents = Object.fromEntries(
    Object.entries(all).map(([url, document]) => [url, document === 'KEYS' ? keys : document]),
  );
  const service = await startApp({
    file: stringify({ ...read, ...listeners, issuers }),
    issuer: { url: '', close: async () => {} } as unknown as FakeIssuer,
    untilReady: false,
  });
  await until(() => service.records.some(({ state }) => state !== undefined));
  return service;
}

async function answerOf(provider: Provider, difference: Difference) {
  const service = await serviceOf(provider, difference);
  const token = await tokenOf(provider, difference);
  const answer = await exchange(service.httpPort, request('GET', '/', [`authorization: Bearer ${token}`]));
  const readyz = await (await fetch(`http://127.0.0.1:${service.adminPort}/readyz`)).text();
  const reason = service.records.findLast(({ msg }) => msg === 'check')?.reason ?? 'allowed';
  return { status: answer?.status, headers: answer?.headers ?? {}, reason, readyz };
}

test('every page has a test and is in the index', () => {
  const pages = readdirSync(folder).filter((name) => name !== 'README.md');
  expect(providers.map(({ page }) => page).toSorted()).toEqual(pages.toSorted());
  const index = readPage('providers/README.md');
  for (const page of pages) expect(index).toContain(`](${page})`);
});

describe.each(providers)('$page', (provider) => {
  const { configurations, tokens } = examplesOf(provider.page);
  const rows = rowsOf(readPage(`providers/${provider.page}`), 'Common mistakes');

  test('check-config accepts every configuration', async () => {
    for (const { text } of configurations) {
      const sources = {
        flags: [{ name: '--config', value: 'page.yaml' }],
        environment: {},
        readFile: () => text,
      };
      const { output, exitCode } = await checkConfig(sources);
      expect([exitCode, exitCode === 0 ? '' : output]).toEqual([0, '']);
    }
    expect(tokens.length).toBeGreaterThan(0);
    expect(provider.passes.length).toBe(configurations.length - 1);
  });

  const first: Pass = {};
  const passes = [first, ...provider.passes].flatMap((some, configuration) =>
    [some].flat().map((pass, index) => ({ pass, configuration, index })),
  );
  test.each(passes)(
    'a token of that shape passes configuration $configuration ($index)',
    async ({ pass, configuration }) => {
      const { status, reason, headers } = await answerOf(provider, { configuration, ...pass });
      expect([status, reason]).toEqual([200, 'allowed']);
      for (const [name, value] of Object.entries(pass.forwarded ?? {}))
        expect([name, headers[name]]).toEqual([name, value]);
    },
  );

  test('every mistake of the page has a test', () => {
    expect(rows.map(([mistake]) => mistake)).toEqual(Object.keys(provider.mistakes));
  });

  test.each(rows)('%s: %s', async (mistake, reasonCell = '', fix = '') => {
    const differences = [provider.mistakes[mistake] ?? []].flat();
    expect(differences).not.toEqual([]);
    for (const difference of differences) {
      const { reason, readyz } = await answerOf(provider, difference);
      expect(`\`${reason}\``).toBe(reasonCell);
      const [, problem] = /`\/readyz` says `([^`]+)`/.exec(fix) ?? [];
      if (problem !== undefined) expect(readyz).toContain(problem);
    }
  });
});
