/** Finds the client certificate in the headers and fields that proxies send (RFC 8705). */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClientCertificate } from '../../../src/check/binding/client-certificate.ts';
import { configOf } from '../../support/app.ts';
import { startCore, type TestCore } from '../../support/core.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../../support/fake-issuer.ts';
import { anyForgery, hashes, headerOf, settings } from '../../support/forged-client-cert.ts';
import { checkRequest } from '../../support/requests.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest();
const hashOf = (name: string) => sha256(name).toString('hex');
const thumbprintOf = (name: string) => sha256(name).toString('base64url');
const gateway = 'spiffe://cluster.local/ns/istio-system/sa/gateway';
const workload = 'spiffe://cluster.local/ns/shop/sa/web';

function read(forwardedClientCert: string, trustedHops: number, trustedProxyUri = '') {
  const find = createClientCertificate({ trustedHops, trustedProxyUri });
  return find(checkRequest({ forwardedClientCert }));
}

describe('by the number of trusted hops', () => {
  const [forged, client, proxy] = ['forged', 'client', 'proxy'].map((name) => `Hash=${hashOf(name)}`);
  test.each([
    ['one hop', `${client}`, 1, 'client'],
    ['one hop, after a forged element', `${forged},${client}`, 1, 'client'],
    ['two hops', `${client},${proxy}`, 2, 'client'],
    ['two hops, after a forged element', `${forged},${client},${proxy}`, 2, 'client'],
    [
      'other fields around the hash, with commas in quotes',
      `By=spiffe://a;${client};Subject="CN=a,O=\\"b;c\\"";URI=${workload}`,
      1,
      'client',
    ],
    ['a hash in upper case', `HASH=${hashOf('client').toUpperCase()}`, 1, 'client'],
    ['a quoted comma in a forged element', `Subject="x,${forged}",${client}`, 1, 'client'],
    ['an escaped quote in a subject', `${client};Subject="CN=\\",${hashOf('x')}"`, 1, 'client'],
    ['a backslash at the end of a subject', `${client};Subject="CN=\\\\"`, 1, 'client'],
    ['an empty subject and an empty URI', `By=${gateway};${client};Subject="";URI=`, 1, 'client'],
    ['several By fields', `By=${gateway};By=${workload};${client}`, 1, 'client'],
    ['several URIs', `${client};URI=${workload};URI=a:b;DNS=c;DNS=d`, 1, 'client'],
    ['a forged element that has a subject', `${forged};Subject="a",${client}`, 1, 'client'],
  ])('%s', (_, header, hops, name) => {
    expect(read(header, hops)).toBe(thumbprintOf(name));
  });

  test.each([
    ['an empty header', '', 1],
    ['fewer elements than hops', `${client}`, 2],
    ['no hash', `URI=${workload}`, 1],
    ['an empty element at the end', `${client},`, 1],
    ['two hashes', `${forged};${client}`, 1],
    ['a hash that is too short', 'Hash=abcd', 1],
    ['a quote without an end', `Subject="a;${client}`, 1],
    ['an earlier element with a quote without an end', `${forged};X=",${client}`, 1],
    ['a quote that ends inside the next element', `${forged};X=",${client};URI="`, 1],
    ['a quoted value that contains an element', `${forged};Subject=",By=spiffe://a;${client};DNS="`, 1],
    ['text after a quote', `X="a"b,${client}`, 1],
    ['text before a quote', `X=a"b",${client}`, 1],
    ['a quote inside a value', `X=a"b,${client}`, 1],
    ['an escaped quote outside of quotes', `X=\\"a",${client}`, 1],
    ['a pair without a value', `X,${client}`, 1],
    ['a pair without a key', `=x,${client}`, 1],
    ['an empty pair', `X=y;;Y=z,${client}`, 1],
    ['an empty element at the start', `,${client}`, 1],
    ['white space before an element', `X=y, ${client}`, 1],
    ['white space before a key', `${client}; URI=a`, 1],
    ['white space after a key', `Hash =${hashOf('client')}`, 1],
    ['a quoted hash', `Hash="${hashOf('client')}"`, 1],
    ['two lines', `${forged}\n${client}`, 1],
    ['two lines; the first ends with a URI', `${client};URI=a\nb`, 1],
    ['a line break in quotes', `${client};Subject="a\nb"`, 1],
    ['two lines, one of them empty', `\n${client}`, 1],
    ['a subject before the hash', `Subject="a";${client}`, 1],
    ['a URI before the subject', `${client};URI=a;Subject="b"`, 1],
    ['two subjects', `${client};Subject="a";Subject="b"`, 1],
    ['a URI with a comma', `${forged};URI=x,${client}`, 1],
    ['a DNS name with a comma', `${forged};Subject="";DNS=x,y=z,${client}`, 1],
    ['an earlier element with a quoted URI', `${forged};URI="x",${client}`, 1],
    ['an earlier element with an unknown key after its hash', `${forged};Mail=x,${client}`, 1],
    ['a URI with a comma before the last proxy', `${forged};URI=x,${client},${proxy}`, 2],
  ])('%s: no certificate', (_, header, hops) => {
    expect(read(header, hops)).toBeUndefined();
  });
});

describe('by the URI of the trusted proxy', () => {
  const client = `By=${gateway};Hash=${hashOf('client')};URI=spiffe://client`;
  test.each([
    ['the trusted proxy sends the check', client, 'client'],
    [
      'another proxy after the trusted one sends the check',
      `${client},By=${workload};Hash=${hashOf('gw')};URI=${gateway}`,
      'client',
    ],
    [
      'the client of the proxy has the same URI, from another CA',
      `By=${gateway};Hash=${hashOf('forged')},By=${gateway};Hash=${hashOf('client')};URI=${gateway}`,
      'client',
    ],
    [
      'a forged element at the start',
      `By=${gateway};Hash=${hashOf('forged')},${client},By=${workload};Hash=${hashOf('gw')};URI=${gateway}`,
      'client',
    ],
  ])('%s', (_, header, name) => {
    expect(read(header, 0, gateway)).toBe(thumbprintOf(name));
  });

  test.each([
    [
      'another workload sends the By field of the proxy',
      `${client},By=${workload};Hash=${hashOf('w')};URI=spiffe://cluster.local/ns/evil/sa/x`,
    ],
    ['another proxy sends the check', `By=${workload};Hash=${hashOf('client')}`],
    ['the peer has two URIs', `${client},By=${workload};Hash=${hashOf('gw')};URI=${gateway};URI=${workload}`],
    ['no element is before that of the proxy', `By=${workload};Hash=${hashOf('gw')};URI=${gateway}`],
    [
      'a client has the URI of the proxy, and the certificate of the proxy has no URI',
      `Hash=${hashOf('forged')},Hash=${hashOf('client')};URI=${gateway}`,
    ],
    [
      'a DNS name looks like the URI of the proxy',
      `Hash=${hashOf('forged')},By=${workload};Hash=${hashOf('w')};DNS=x;URI=${gateway}`,
    ],
    [
      'the URI of the peer is quoted',
      `Hash=${hashOf('forged')},By=${workload};Hash=${hashOf('w')};URI="${gateway}"`,
    ],
    ['two By fields', `By=${gateway};By=${workload};Hash=${hashOf('client')}`],
    ['two By fields, in the other order', `By=${workload};By=${gateway};Hash=${hashOf('client')}`],
    [
      'the peer has two URIs, in the other order',
      `${client},By=${workload};Hash=${hashOf('gw')};URI=${workload};URI=${gateway}`,
    ],
  ])('%s: no certificate', (_, header) => {
    expect(read(header, 0, gateway)).toBeUndefined();
  });
});

test('any header gives a thumbprint or none, and never throws', () => {
  const text = fc.string({
    unit: fc.constantFrom(...'aZ=;,"\\ %-\n09', 'Hash=', 'By=', 'URI=', hashOf('x')),
  });
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 3 }), (header, hops) => {
      const found = createClientCertificate({ trustedHops: hops, trustedProxyUri: '' })(
        checkRequest({ forwardedClientCert: header, peerCertificate: header }),
      );
      expect(found === undefined || found === 'unknowable' || /^[A-Za-z0-9_-]{43}$/.test(found)).toBe(true);
    }),
  );
});

describe('no client can impersonate another, with any header and any certificate', () => {
  test.each(settings)(
    'behind $proxies proxies, with trustedHops $trustedHops and trustedProxyUri "$trustedProxyUri"',
    ({ trustedHops, trustedProxyUri, proxies }) => {
      const own = Buffer.from(hashes.client, 'hex').toString('base64url');
      let identified = 0;
      fc.assert(
        fc.property(anyForgery, (forgery) => {
          const found = read(headerOf(forgery, proxies), trustedHops, trustedProxyUri);
          if (found !== undefined) identified++;
          expect([own, undefined]).toContain(found);
        }),
        { numRuns: 12_000 },
      );
      // Without this, a reader that never trusts an element would pass too.
      expect(identified).toBeGreaterThan(500);
    },
  );

  test.each(settings)(
    'a client that forges no header is always identified: behind $proxies proxies, with trustedHops $trustedHops and trustedProxyUri "$trustedProxyUri"',
    ({ trustedHops, trustedProxyUri, proxies }) => {
      const harmless = { uris: ['spiffe://a/b'], dnsNames: ['a.example.com', '*.example.com'] };
      fc.assert(
        fc.property(anyForgery, (forgery) => {
          const certificate = { ...forgery.certificate, ...harmless };
          const detailsBehind = { ...forgery.detailsBehind, uri: true };
          const header = headerOf(
            { ...forgery, certificate, detailsBehind, text: '', hasUri: true },
            proxies,
          );
          expect(read(header, trustedHops, trustedProxyUri)).toBe(
            Buffer.from(hashes.client, 'hex').toString('base64url'),
          );
        }),
        { numRuns: 5_000 },
      );
    },
  );
});

// So long that a quadratic algorithm would exceed the test timeout.
test('a header of 500,000 fields is read in linear time', () => {
  const fields = Array.from({ length: 500_000 }, (_, index) => `k${index}=v`).join(';');
  expect(read(`${fields};Hash=${hashOf('client')}`, 1)).toBe(thumbprintOf('client'));
});

describe('a token that is bound to a certificate', () => {
  let issuer: FakeIssuer;
  let core: TestCore;
  beforeAll(async () => {
    issuer = await startFakeIssuer();
    core = await coreWith('clientCertificates: {trustedHops: 1}');
  });
  afterAll(async () => {
    core.stop();
    await issuer.close();
  });
  const coreWith = async (more: string) =>
    startCore(
      await configOf(
        `issuers: [{issuer: "${issuer.url}", audiences: [${audience}], boundTokens: verify}]\n${more}\n`,
      ),
    );
  const mint = (name: string) => issuer.mint({ claims: { cnf: { 'x5t#S256': thumbprintOf(name) } } });

  test('is allowed only with that certificate', async () => {
    const authorization = [`Bearer ${await mint('client')}`];
    const reason = async (forwardedClientCert: string) =>
      (await core.check(checkRequest({ authorization, forwardedClientCert }))).reason;
    expect(await reason(`Hash=${hashOf('client')}`)).toBe('allowed');
    expect(await reason(`Hash=${hashOf('other')}`)).toBe('proof_invalid');
    expect(await reason('')).toBe('proof_invalid');
    expect(await reason(`Hash=${hashOf('client')}`)).toBe('allowed');
  });

  test('is allowed with the peer certificate that the proxy reports over gRPC', async () => {
    const direct = await coreWith('');
    const der = Buffer.from('a certificate');
    const peerCertificate = encodeURIComponent(
      `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`,
    );
    const authorization = [`Bearer ${await mint('a certificate')}`];
    const reason = async (certificate: string) =>
      (await direct.check(checkRequest({ authorization, peerCertificate: certificate }))).reason;
    expect(await reason(peerCertificate)).toBe('allowed');
    expect(await reason(peerCertificate.replace('-----BEGIN', '-----BEGIM'))).toBe('proof_invalid');
    expect(await reason('%')).toBe('proof_invalid');
    expect(await reason('')).toBe('token_bound');
    direct.stop();
  });
});
