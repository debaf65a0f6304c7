/** The issuers of the corpus, valid and invalid ones, with their keys. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { audience, type FakeIssuer, sendJson, startFakeIssuer } from '../support/fake-issuer.ts';
import { createSigningKey, type SigningKey } from '../support/keys.ts';
import { type WeakKey, weakKeys } from './weak-keys.ts';

/** The issuers and keys for the tokens of a case. */
export interface World {
  /** Publishes one RSA key, for RS256. */
  readonly main: FakeIssuer;
  /** Requires the scope `orders.read` and the claim `tid`, and allows RS256 only. */
  readonly strict: FakeIssuer;
  /** Publishes keys of every curve; its tokens may use all algorithms. */
  readonly curves: FakeIssuer;
  /** Publishes an RSA key without `alg`; its tokens may use RS256 only. */
  readonly open: FakeIssuer;
  /** Publishes one valid key, and weak ones that must not verify anything. */
  readonly weak: FakeIssuer;
  readonly weakKeys: readonly WeakKey[];
  /** Keys that no issuer publishes. */
  readonly foreign: SigningKey;
  readonly foreignRsa: KeyObject;
  /** A server that a token names. It counts requests; the service must send none. */
  readonly trap: { readonly url: string; readonly hits: () => number };
  readonly configuration: string;
  readonly close: () => Promise<void>;
}

/** Starts the issuers. */
export async function createWorld(): Promise<World> {
  const main = await startFakeIssuer();
  const strict = await startFakeIssuer({ keys: [await createSigningKey('k1')] });
  const curves = await startFakeIssuer({
    keys: await Promise.all(
      ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'RS512'].map((algorithm) =>
        createSigningKey(algorithm, algorithm),
      ),
    ),
  });
  const open = await startFakeIssuer({ keys: [await createSigningKey('k1')] });
  open.jwks = (_, response) =>
    sendJson(response, { keys: open.keys.map(({ publicJwk: { alg: _alg, ...members } }) => members) });
  const weak = await startFakeIssuer({ keys: [await createSigningKey('good')] });
  const published = weakKeys();
  weak.jwks = (_, response) =>
    sendJson(response, {
      keys: [
        null,
        5,
        'x',
        [],
        ...published.flatMap(({ jwks }) => jwks),
        ...weak.keys.map(({ publicJwk }) => publicJwk),
      ],
    });

  let hits = 0;
  const trap = createServer((_, response) => {
    hits++;
    response.end('{"keys":[]}');
  });
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
  const issuers = [main, strict, curves, open, weak];
  const entry = (name: string, { url }: FakeIssuer, more = '') =>
    `  - {issuer: "${url}", audiences: [${audience}], name: ${name}${more}}`;
  return {
    main,
    strict,
    curves,
    open,
    weak,
    weakKeys: published,
    foreign: await createSigningKey('k1'),
    foreignRsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
    trap: { url: `http://127.0.0.1:${(trap.address() as AddressInfo).port}`, hits: () => hits },
    configuration: [
      'issuers:',
      entry('main', main),
      entry('strict', strict, ', requiredScopes: [orders.read], requiredClaims: {tid: abc}'),
      entry('curves', curves, ', algorithms: [ES256, ES384, ES512, EdDSA, PS256, RS512]'),
      entry('open', open, ', algorithms: [RS256]'),
      entry('weak', weak, ', algorithms: [RS256, PS256, ES256, ES384, EdDSA]'),
      'http: {host: 127.0.0.1, port: 0}',
      'grpc: {host: 127.0.0.1, port: 0}',
      'admin: {host: 127.0.0.1, port: 0}',
      'log: {checks: none}',
      'shutdown: {delay: 0s, timeout: 5s}',
      '',
    ].join('\n'),
    close: async () => {
      trap.closeAllConnections();
      trap.close();
      await Promise.all(issuers.map((issuer) => issuer.close()));
    },
  };
}
