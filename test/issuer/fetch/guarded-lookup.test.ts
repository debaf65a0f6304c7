/** Which URLs a document may name, and which addresses a fetch may connect to. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFetch, type FetchOptions } from '../../../src/issuer/fetch/fetch.ts';
import type { Resolve } from '../../../src/issuer/fetch/guarded-lookup.ts';
import { planIssuer } from '../../../src/issuer/issuer-plan.ts';
import { discover } from '../../../src/issuer/source/discovery.ts';
import { createKeySource } from '../../../src/issuer/source/key-source.ts';
import { systemFiles } from '../../../src/runtime/files/file-snapshot.ts';
import { followFiles } from '../../../src/runtime/files/follow.ts';
import { systemClock } from '../../../src/runtime/time/clock.ts';
import { configOf, fileFor } from '../../support/app.ts';
import { createAuthority } from '../../support/certificates.ts';
import { startFakeIssuer } from '../../support/fake-issuer.ts';

const options: FetchOptions = {
  timeout: 2_000,
  maxBytes: 10_000,
  insecureHttp: true,
  extraCa: undefined,
  trustSystemCas: true,
  proxy: '',
  environment: {},
};

/** A server on 127.0.0.1 that counts requests. */
async function serve(): Promise<{ port: number; visits: () => number }> {
  let visits = 0;
  const server = http.createServer((_, response) => {
    visits++;
    response.writeHead(200).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, visits: () => visits };
}

/** A resolver that returns these lists of addresses in order, and repeats the last one. */
function nameServer(...answers: readonly (readonly string[])[]) {
  const questions: string[] = [];
  const resolve: Resolve = (hostname, _, callback) => {
    const addresses = answers[Math.min(questions.length, answers.length - 1)] ?? [];
    questions.push(hostname);
    setImmediate(() =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
    );
  };
  return { resolve, questions };
}

const why = (fetching: Promise<unknown>): Promise<string> =>
  fetching.then(
    () => 'it was fetched',
    (error: Error) => error.message,
  );

describe('a name', () => {
  test('is connected to at its address', async () => {
    const { port, visits } = await serve();
    const { resolve, questions } = nameServer(['127.0.0.1']);
    const fetch = createFetch(options, resolve);
    expect((await fetch(`http://idp.internal:${port}/jwks`)).body).toBe('{}');
    expect([questions, visits()]).toEqual([['idp.internal'], 1]);
  });

  const bad = [
    ['169.254.169.254', 'link-local'],
    ['169.254.170.2', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['::ffff:169.254.169.254', 'link-local'],
    ['64:ff9b::a9fe:a9fe', 'link-local'],
    ['64:ff9b:1::a9fe:a9fe', 'link-local'],
    ['2002:a9fe:a9fe::', 'link-local'],
    ['100.100.100.200', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['192.0.0.192', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['fd20:ce::254', 'metadata'],
    ['fd00:42::42', 'metadata'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'reserved'],
  ] as const;

  test.each(bad)('with the address %s is rejected', async (address, what) => {
    const { port, visits } = await serve();
    for (const addresses of [
      [address],
      ['127.0.0.1', address],
      [address, '127.0.0.1'],
      ['127.0.0.1', '127.0.0.1', address],
    ]) {
      for (const scheme of ['http', 'https']) {
        const fetch = createFetch(options, nameServer(addresses).resolve);
        const message = await why(fetch(`${scheme}://idp.example.com:${port}/jwks`));
        expect(message).toContain(`idp.example.com resolves to`);
        expect(message).toContain(what);
        expect(message).toContain(address);
      }
    }
    expect(visits()).toBe(0);
  });

  test('with two different DNS responses is connected to at the first address', async () => {
    const { port, visits } = await serve();
    const { resolve, questions } = nameServer(['127.0.0.1'], ['0.0.0.0']);
    const fetch = createFetch(options, resolve);
    await fetch(`http://idp.example.com:${port}/jwks`);
    expect([questions.length, visits()]).toEqual([1, 1]);
    expect(await why(fetch(`http://idp.example.com:${port}/jwks`))).toContain('unspecified');
    expect([questions.length, visits()]).toEqual([2, 1]);
  });

  test('without an address is an error', async () => {
    const fetch = createFetch(options, nameServer([]).resolve);
    expect(await why(fetch('http://idp.example.com/jwks'))).toContain('idp.example.com has no address');
  });

  test('of this machine with an address of another one is not fetched over plain HTTP', async () => {
    const fetch = createFetch({ ...options, insecureHttp: false }, nameServer(['10.0.0.1']).resolve);
    expect(await why(fetch('http://tenant.localhost/jwks'))).toContain('an address of another machine');
  });
});

describe('a document', () => {
  test('may name a host with a loopback address only if it comes from that host, or from this machine', async () => {
    const { port, visits } = await serve();
    const { resolve } = nameServer(['127.0.0.1']);
    const fetch = createFetch(options, resolve);
    const url = `http://keys.example.com:${port}/jwks`;
    expect(await why(fetch(url, 'https://idp.example.com/.well-known/openid-configuration'))).toContain(
      'keys.example.com resolves to a loopback address, 127.0.0.1',
    );
    expect(visits()).toBe(0);
    await fetch(url, 'http://keys.example.com/.well-known/openid-configuration');
    await fetch(url, 'http://127.0.0.1:1/.well-known/openid-configuration');
    await fetch(url);
    expect(visits()).toBe(3);
  });

  const led = (issuer: string, documentUrl: string, jwksUri: string) =>
    why(
      discover(issuer, documentUrl, async () => ({
        body: JSON.stringify({ issuer, jwks_uri: jwksUri }),
        headers: {},
      })),
    );
  const secure = 'https://idp.example.com';
  const plain = 'http://idp.internal';
  const here = 'http://127.0.0.1:8080';

  test.each([
    [secure, secure, 'http://idp.example.com/jwks'],
    [secure, secure, 'http://127.0.0.1/jwks'],
    [secure, secure, 'http://127.0.0.1:443/jwks'],
    [secure, secure, 'HTTP://idp.example.com/jwks'],
    [secure, secure, 'http://localhost/jwks'],
    [secure, secure, 'http://[::1]/jwks'],
    [secure, secure, 'https://127.0.0.1/jwks'],
    [secure, secure, 'https://127.1/jwks'],
    [secure, secure, 'https://0x7f000001/jwks'],
    [secure, secure, 'https://localhost/jwks'],
    [secure, secure, 'https://localhost./jwks'],
    [secure, secure, 'https://a.localhost/jwks'],
    [secure, secure, 'https://[::1]/jwks'],
    [secure, secure, 'https://[::ffff:127.0.0.1]/jwks'],
    [secure, secure, 'https://169.254.169.254/jwks'],
    [secure, secure, 'https://100.100.100.200/jwks'],
    [secure, secure, 'https://0.0.0.0/jwks'],
    [secure, here, 'http://127.0.0.1:9090/jwks'],
    [secure, 'https://127.0.0.1', 'http://127.0.0.1/jwks'],
    ['https://127.0.0.1:8443', 'https://127.0.0.1:8443', 'http://127.0.0.1:8443/jwks'],
    [plain, secure, 'http://idp.internal/jwks'],
    [plain, plain, 'http://127.0.0.1/jwks'],
    [plain, plain, 'http://localhost:8080/jwks'],
    [plain, plain, 'http://[64:ff9b:1::a9fe:a9fe]/jwks'],
    [here, here, 'http://[2002:a9fe:a9fe::]/jwks'],
    [here, here, 'http://168.63.129.16/jwks'],
  ])('of %s at %s does not lead to %s', async (issuer, at, jwksUri) => {
    expect(await led(issuer, `${at}/.well-known/openid-configuration`, jwksUri)).toMatch(
      /the jwks_uri of .* is rejected: /,
    );
  });

  test.each([
    [secure, secure, 'https://idp.example.com/jwks'],
    [secure, secure, 'https://keys.example.net/jwks'],
    [secure, secure, 'https://10.0.0.1/jwks'],
    [secure, secure, 'https://192.168.1.1/jwks'],
    [secure, secure, 'https://[fd12::1]/jwks'],
    [secure, here, 'http://127.0.0.1:8080/jwks'],
    [secure, here, 'https://127.0.0.1/jwks'],
    [secure, plain, 'http://idp.internal/jwks'],
    [plain, plain, 'http://keys.internal/jwks'],
    [here, here, 'http://127.0.0.1:9090/jwks'],
    [here, here, 'http://localhost:9090/jwks'],
    ['not a url', secure, 'https://idp.example.com/jwks'],
  ])('of %s at %s leads to %s', async (issuer, at, jwksUri) => {
    expect(await led(issuer, `${at}/.well-known/openid-configuration`, jwksUri)).toBe('it was fetched');
  });

  test('is passed to the fetch of the keys that it names; the configuration is not', async () => {
    const [issuer, jwksUri] = ['https://idp.example.com', 'https://keys.example.com/jwks'];
    const documentUrl = 'https://idp.example.com/.well-known/openid-configuration';
    const fetchesOf = async (more: string) => {
      const fetches: [string, string | undefined][] = [];
      const config = await configOf(fileFor(issuer).replace('name: main', `name: main${more}`));
      const [issuerConfig] = config.issuers;
      if (issuerConfig === undefined) throw new TypeError('no issuer');
      const source = createKeySource(issuerConfig, {
        fetch: async (url, from) => {
          fetches.push([url, from]);
          return { body: JSON.stringify({ issuer, jwks_uri: jwksUri }), headers: {} };
        },
        readFile: () => '',
        clock: systemClock,
        onFetched: () => {},
      });
      await source.load(false, () => {});
      return fetches;
    };
    expect(await fetchesOf('')).toEqual([
      [documentUrl, undefined],
      [jwksUri, documentUrl],
    ]);
    expect(await fetchesOf(`, jwksUri: "${jwksUri}"`)).toEqual([[jwksUri, undefined]]);
  });

  test('of an https:// issuer must not name an http:// address, even with insecureHttp; the configuration may', async () => {
    const authority = createAuthority();
    const keys = await startFakeIssuer();
    onTestFinished(keys.close);
    const { certFile, keyFile } = authority.issue('issuer');
    const server = https.createServer(
      { cert: readFileSync(certFile), key: readFileSync(keyFile) },
      (_, response) => response.end(JSON.stringify({ issuer: url, jwks_uri: jwksUri })),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    let jwksUri = '';
    const ownerOf = async (more: string) => {
      const message = Promise.withResolvers<string>();
      const config = await configOf(
        fileFor(url).replace(
          'name: main',
          `name: main, insecureHttp: true, caFile: ${authority.caFile}${more}`,
        ),
      );
      const [issuerConfig] = config.issuers;
      if (issuerConfig === undefined) throw new TypeError('no issuer');
      const issuer = planIssuer(issuerConfig, config, {
        clock: systemClock,
        random: () => 0.5,
        environment: {},
        files: followFiles(systemFiles, systemClock),
        eventsOf: () => ({
          onFetched: () => {},
          onTrustReload: () => {},
          onProblem: () => {},
          onStateChange: ({ state, problem }) => message.resolve(problem ?? state),
          onUnusedKeys: () => {},
          onKeysChange: () => {},
        }),
      }).create();
      onTestFinished(issuer.stop);
      issuer.start();
      return message.promise;
    };
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]']) {
      jwksUri = `http://${host}:${keys.port}/jwks`;
      expect(await ownerOf('')).toContain('must not name an http:// address');
    }
    expect(keys.hits.jwks).toBe(0);
    expect(await ownerOf(`, jwksUri: "http://127.0.0.1:${keys.port}/jwks"`)).toBe('ready');
    expect(keys.hits.jwks).toBe(1);
  });
});

describe('behind a proxy', () => {
  const from = 'https://idp.example.com/.well-known/openid-configuration';

  test('no name is resolved, and a forbidden address in a URL is still rejected', async () => {
    const { port, visits } = await serve();
    const { resolve, questions } = nameServer(['169.254.169.254']);
    const fetch = createFetch({ ...options, proxy: `http://127.0.0.1:${port}` }, resolve);
    expect((await fetch('http://keys.example.com/jwks', from)).body).toBe('{}');
    expect([questions, visits()]).toEqual([[], 1]);
    expect(await why(fetch('http://100.100.100.200/jwks'))).toContain('metadata');
    expect(visits()).toBe(1);
  });

  test('a host in NO_PROXY is resolved and checked', async () => {
    const { port, visits } = await serve();
    const environment = { HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: 'direct.example.com' };
    const { resolve } = nameServer(['169.254.169.254']);
    const fetch = createFetch({ ...options, proxy: 'env', environment }, resolve);
    expect(await why(fetch('http://direct.example.com/jwks'))).toContain('link-local');
    expect(visits()).toBe(0);
  });
});
