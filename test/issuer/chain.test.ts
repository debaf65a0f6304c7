import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFetch } from '../../src/issuer/fetch/fetch.ts';
import { type Certificate, createChain } from '../support/chain.ts';

const chain = createChain();
const other = createChain();

/** A server that sends the certificates of a text. */
async function serve({ cert, key }: Certificate): Promise<number> {
  const server = https.createServer({ cert, key }, (_, response) => response.end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const fetchWith = (caFile: string | undefined, trustSystemCas = true) =>
  createFetch({
    timeout: 5_000,
    maxBytes: 1_000,
    insecureHttp: false,
    extraCa: caFile === undefined ? undefined : () => caFile,
    trustSystemCas,
    proxy: '',
    environment: {},
  });

const leaf = chain.leaf();
const whole = { ...leaf, cert: leaf.cert + chain.intermediate };
const own = chain.selfSigned();

describe('any certificate in `caFile` is trusted', () => {
  test.each([
    ['the root, of a server that sends its intermediate', chain.root, whole],
    ['the intermediate alone', chain.intermediate, whole],
    ['the intermediate alone, of a server that sends only its own certificate', chain.intermediate, leaf],
    ["the server's own certificate alone", leaf.cert, whole],
    ["the server's own certificate alone, of a server that sends only that", leaf.cert, leaf],
    ['a self-signed certificate', own.cert, own],
    ['all of them', chain.root + chain.intermediate + leaf.cert, whole],
    ['the intermediate and the root of another CA', other.root + chain.intermediate, leaf],
  ])('%s', async (_, caFile, certificate) => {
    const port = await serve(certificate);
    for (const trustSystemCas of [true, false])
      expect((await fetchWith(caFile, trustSystemCas)(`https://127.0.0.1:${port}/`)).body).toBe('{}');
  });

  test.each([
    ['no certificate', undefined, whole],
    ['the root, of a server that omits its intermediate', chain.root, leaf],
    ['the intermediate of another CA', other.intermediate, whole],
    ['the root of another CA', other.root, whole],
    ['the certificate of another server of the same CA', chain.leaf().cert, whole],
    ['another self-signed certificate', chain.selfSigned().cert, own],
  ])('a server is rejected with %s in `caFile`', async (_, caFile, certificate) => {
    const port = await serve(certificate);
    await expect(fetchWith(caFile)(`https://127.0.0.1:${port}/`)).rejects.toThrow(
      /not (one that is )?trusted.*`issuers\[\]\.caFile`/,
    );
  });

  test.each([
    ['the intermediate', chain.intermediate],
    ['the certificate itself', undefined],
  ])('the host name is still verified, with %s', async (_, caFile) => {
    const elsewhere = chain.leaf({ names: 'DNS:idp.example.com' });
    const port = await serve(elsewhere);
    await expect(fetchWith(caFile ?? elsewhere.cert)(`https://127.0.0.1:${port}/`)).rejects.toThrow(
      /not valid for 127\.0\.0\.1, only for DNS:idp\.example\.com.*\(ERR_TLS_CERT_ALTNAME_INVALID\)$/,
    );
  });

  test('an expired certificate is rejected, even if it is in `caFile`', async () => {
    const expired = chain.leaf({ hasExpired: true });
    const port = await serve(expired);
    for (const caFile of [expired.cert, chain.intermediate])
      await expect(fetchWith(caFile)(`https://127.0.0.1:${port}/`)).rejects.toThrow(
        /has expired; renew it.*\(CERT_HAS_EXPIRED\)$/,
      );
  });
});
