/** DPoP: tokens that are bound to a key, and their proofs (RFC 9449). */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ImportKey, readProof } from '../../../src/check/binding/dpop.ts';
import { createReplayStore } from '../../../src/check/binding/used-proofs.ts';
import type { CheckRequest } from '../../../src/model/check-request.ts';
import { type Clock, systemClock } from '../../../src/runtime/time/clock.ts';
import { configOf } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';
import { startCore, type TestCore } from '../../support/core.ts';
import { audience, type FakeIssuer, startFakeIssuer } from '../../support/fake-issuer.ts';
import { createSigningKey, type SigningKey } from '../../support/keys.ts';
import { makeProof, type ProofParts, publicMembers, thumbprint } from '../../support/proofs.ts';
import { checkRequest } from '../../support/requests.ts';

let issuer: FakeIssuer;
let core: TestCore;
let client: SigningKey;
let stranger: SigningKey;
let token: string;

const target = { method: 'GET', host: 'orders.example.com', path: '/orders/1?q=2' } as const;

async function coreWith(more: string, clock: Clock = systemClock): Promise<TestCore> {
  return startCore(
    await configOf(`
issuers: [{issuer: "${issuer.url}", audiences: [${audience}], name: main, boundTokens: verify}]
${more}
`),
    clock,
  );
}

beforeAll(async () => {
  issuer = await startFakeIssuer();
  client = await createSigningKey('c', 'ES256');
  stranger = await createSigningKey('s', 'ES256');
  token = await issuer.mint({ claims: { cnf: { jkt: await thumbprint(client) } } });
  core = await coreWith(
    'dpop: {origins: ["https://orders.example.com", "http://other.example.com:8080"], maxProofs: 1000}',
  );
});

afterAll(async () => {
  core.stop();
  await issuer.close();
});

/** The reason of a check with the bound token. */
async function reasonOf(dpop: readonly string[], request: Partial<CheckRequest> = {}): Promise<string> {
  const asked = checkRequest({ ...target, authorization: [`DPoP ${token}`], dpop, ...request });
  return (await core.check(asked)).reason;
}

describe('a bound token with a valid proof', () => {
  test.each(['ES256', 'RS256', 'PS256', 'EdDSA'])('of %s is allowed', async (algorithm) => {
    const key = await createSigningKey('x', algorithm);
    const bound = await issuer.mint({ claims: { cnf: { jkt: await thumbprint(key) } } });
    const dpop = [await makeProof(key, bound)];
    expect(await reasonOf(dpop, { authorization: [`DPoP ${bound}`] })).toBe('allowed');
  });

  test.each<[string, ProofParts, Partial<CheckRequest>]>([
    ['another method', { claims: { htm: 'POST' } }, { method: 'POST' }],
    ['the default port in the host', {}, { host: 'orders.example.com:443' }],
    ['the host in upper case', {}, { host: 'Orders.Example.COM' }],
    ['a target with a query', { claims: { htu: 'https://orders.example.com/orders/1?q=2#x' } }, {}],
    ['a target with its default port', { claims: { htu: 'https://orders.example.com:443/orders/1' } }, {}],
    ['a target in upper case', { claims: { htu: 'HTTPS://ORDERS.example.com/orders/1' } }, {}],
    [
      'an origin with a port',
      { claims: { htu: 'http://other.example.com:8080/a' } },
      { host: 'other.example.com:8080', path: '/a' },
    ],
    ['the root without its slash', { claims: { htu: 'https://orders.example.com' } }, { path: '/' }],
    [
      'an unnecessary escape',
      { claims: { htu: 'https://orders.example.com/%6frders/%c3%a9' } },
      { path: '/orders/%C3%A9' },
    ],
    ['an iat 30 s ago', { claims: { iat: Date.now() / 1000 - 30 } }, {}],
    ['an iat 20 s in the future', { claims: { iat: Date.now() / 1000 + 20 } }, {}],
    ['a typ in mixed case', { header: { typ: 'DPoP+JWT' } }, {}],
    ['an unknown claim', { claims: { nonce: 'x' } }, {}],
  ])('with %s is allowed', async (_, parts, request) => {
    expect(await reasonOf([await makeProof(client, token, parts)], request)).toBe('allowed');
  });

  test('is allowed again only with another proof', async () => {
    const proof = await makeProof(client, token);
    expect(await reasonOf([proof])).toBe('allowed');
    expect(await reasonOf([proof])).toBe('proof_invalid');
    expect(await reasonOf([await makeProof(client, token)])).toBe('allowed');
  });

  test('is allowed with a jti that another client has used', async () => {
    const parts = { claims: { jti: 'the same' } };
    const other = await issuer.mint({ claims: { cnf: { jkt: await thumbprint(stranger) } } });
    expect(await reasonOf([await makeProof(client, token, parts)])).toBe('allowed');
    const authorization = [`DPoP ${other}`];
    expect(await reasonOf([await makeProof(stranger, other, parts)], { authorization })).toBe('allowed');
    expect(await reasonOf([await makeProof(client, token, parts)])).toBe('proof_invalid');
  });

  test('a proof that is sent many times at once is accepted once', async () => {
    const proof = await makeProof(client, token);
    const reasons = await Promise.all(Array.from({ length: 20 }, () => reasonOf([proof])));
    expect(reasons.filter((reason) => reason === 'allowed')).toHaveLength(1);
    expect(reasons.filter((reason) => reason === 'proof_invalid')).toHaveLength(19);
  });
});

describe('a bound token is denied', () => {
  test.each<[string, ProofParts, Partial<CheckRequest>?]>([
    ['another method', { claims: { htm: 'POST' } }],
    ['the method in lower case', { claims: { htm: 'get' } }],
    ['another path', { claims: { htu: 'https://orders.example.com/orders/2' } }],
    ['a path that is only a prefix', { claims: { htu: 'https://orders.example.com/orders' } }],
    [
      'a path that differs only by an escaped slash',
      { claims: { htu: 'https://orders.example.com/orders%2F1' } },
    ],
    ['another host', { claims: { htu: 'https://evil.example.com/orders/1' } }],
    ['another scheme', { claims: { htu: 'http://orders.example.com/orders/1' } }],
    ['another port', { claims: { htu: 'https://orders.example.com:8443/orders/1' } }],
    ['a user in the target', { claims: { htu: 'https://a@orders.example.com/orders/1' } }],
    ['a relative target', { claims: { htu: '/orders/1' } }],
    ['a target that is not a string', { claims: { htu: ['https://orders.example.com/orders/1'] } }],
    ['the target of another origin', { claims: { htu: 'http://other.example.com:8080/orders/1' } }],
    [
      'a host that is not in the origins',
      { claims: { htu: 'https://new.example.com/orders/1' } },
      { host: 'new.example.com' },
    ],
    ...[
      'orders.example.com.',
      'orders.example.com:',
      'orders.example.com:0443',
      'orders.example.com:443:443',
      'orders.example.com:443.',
      'orders.example.com,orders.example.com',
      'orders.example.com,evil.example.com',
      'user@orders.example.com',
      'orders.example.com/',
      '\uff4frders.example.com',
      'order\u017f.example.com',
      'orders.example.com:80',
      '',
    ].map((host): [string, ProofParts, Partial<CheckRequest>] => [
      `the host ${JSON.stringify(host)}`,
      {},
      { host },
    ]),
    ['a fragment in the path', {}, { path: '/orders/1#x' }],
    ['the hash of another token', { claims: { ath: createHash('sha256').update('x').digest('base64url') } }],
    ['no hash of the token', { claims: { ath: undefined } }],
    ['no jti', { claims: { jti: undefined } }],
    ['an empty jti', { claims: { jti: '' } }],
    ['a jti that is not a string', { claims: { jti: 5 } }],
    ['no iat', { claims: { iat: undefined } }],
    ['an iat that is not a number', { claims: { iat: 'now' } }],
    ['no method', { claims: { htm: undefined } }],
    ['no target', { claims: { htu: undefined } }],
    ['an iat 2 minutes ago', { claims: { iat: Math.floor(Date.now() / 1000) - 120 } }],
    ['an iat 1 minute in the future', { claims: { iat: Math.floor(Date.now() / 1000) + 60 } }],
    ['a claim of 9,000 characters', { claims: { more: 'x'.repeat(9_000) } }],
    ['a typ with a letter too many at the end', { header: { typ: 'dpop+jwtx' } }],
    ['a typ with a letter too many at the start', { header: { typ: 'xdpop+jwt' } }],
    ['the typ of a token', { header: { typ: 'JWT' } }],
    ['no typ', { header: { typ: undefined } }],
    ['no key', { header: { jwk: undefined } }],
    ['a key that is text', { header: { jwk: 'x' } }],
    ['a key without a type', { header: { jwk: {} } }],
    ['a secret as its key', { header: { jwk: { kty: 'oct', k: 'AAAA' } } }],
    ['crit', { header: { crit: ['exp'] } }],
  ])('with a proof that has %s', async (_, parts, request = {}) => {
    const proof = await makeProof(client, token, parts).catch(() => undefined);
    // jose does not sign `crit`, so this replaces the header of a valid proof.
    const sent =
      proof ??
      (await makeProof(client, token)).replace(
        /^[^.]+/,
        Buffer.from(
          JSON.stringify({ alg: 'ES256', typ: 'dpop+jwt', jwk: publicMembers(client), ...parts.header }),
        ).toString('base64url'),
      );
    expect(await reasonOf([sent], request)).toBe('proof_invalid');
  });

  test.each(['ES384', 'RS512', 'PS512'])(
    'with a proof of %s, which is not an advertised algorithm',
    async (algorithm) => {
      const key = await createSigningKey('x', algorithm);
      const bound = await issuer.mint({ claims: { cnf: { jkt: await thumbprint(key) } } });
      const authorization = [`DPoP ${bound}`];
      expect(await reasonOf([await makeProof(key, bound)], { authorization })).toBe('proof_invalid');
    },
  );

  test('if it has two bindings, and only one is proven', async () => {
    const both = await coreWith(
      'dpop: {origins: ["https://orders.example.com"]}\nclientCertificates: {trustedHops: 1}',
    );
    const certificate = createHash('sha256').update('client');
    const hashes = { header: certificate.copy().digest('hex'), token: certificate.digest('base64url') };
    const cnf = { jkt: await thumbprint(client), 'x5t#S256': hashes.token };
    const bound = await issuer.mint({ claims: { cnf } });
    const ask = async (scheme: string, dpop: readonly string[], forwardedClientCert: string) => {
      const authorization = [`${scheme} ${bound}`];
      return (await both.check(checkRequest({ ...target, authorization, dpop, forwardedClientCert }))).reason;
    };
    const proof = async () => [await makeProof(client, bound)];
    const certificateHeader = `Hash=${hashes.header}`;
    expect(await ask('DPoP', await proof(), certificateHeader)).toBe('allowed');
    for (const scheme of ['DPoP', 'Bearer']) {
      expect(await ask(scheme, [], certificateHeader)).toBe('proof_invalid');
      expect(await ask(scheme, await proof(), '')).toBe('proof_invalid');
      expect(await ask(scheme, await proof(), `Hash=${'0'.repeat(64)}`)).toBe('proof_invalid');
    }
    expect(await ask('Bearer', await proof(), certificateHeader)).toBe('proof_invalid');
    both.stop();
  });

  test('with the proof of another key', async () => {
    expect(await reasonOf([await makeProof(stranger, token)])).toBe('proof_invalid');
    const forged = await makeProof(stranger, token, { header: { jwk: publicMembers(client) } });
    expect(await reasonOf([forged])).toBe('proof_invalid');
  });

  test('with a proof that contains the private key', async () => {
    const jwk = { ...publicMembers(client), d: 'AAAA' };
    expect(await reasonOf([await makeProof(client, token, { header: { jwk } })])).toBe('proof_invalid');
  });

  test('without a proof, with two, and with two joined by a comma', async () => {
    const [a, b] = [await makeProof(client, token), await makeProof(client, token)];
    expect(await reasonOf([])).toBe('proof_invalid');
    expect(await reasonOf([''])).toBe('proof_invalid');
    expect(await reasonOf([a, b])).toBe('proof_invalid');
    expect(await reasonOf([`${a},${b}`])).toBe('proof_invalid');
    expect(await reasonOf(['x.y.z'])).toBe('proof_invalid');
  });

  test('as Bearer, with and without its proof', async () => {
    const authorization = [`Bearer ${token}`];
    expect(await reasonOf([await makeProof(client, token)], { authorization })).toBe('proof_invalid');
    expect(await reasonOf([], { authorization })).toBe('proof_invalid');
  });

  test('if no origin is configured', async () => {
    const without = await coreWith('');
    const request = checkRequest({ ...target, dpop: [await makeProof(client, token)] });
    expect((await without.check({ ...request, authorization: [`Bearer ${token}`] })).reason).toBe(
      'token_bound',
    );
    expect((await without.check({ ...request, authorization: [`DPoP ${token}`] })).reason).toBe(
      'token_missing',
    );
    without.stop();
  });
});

test('a token without a binding is allowed as Bearer and denied as DPoP', async () => {
  const plain = await issuer.mint();
  const dpop = [await makeProof(client, plain)];
  expect(await reasonOf([], { authorization: [`Bearer ${plain}`] })).toBe('allowed');
  expect(await reasonOf(dpop, { authorization: [`Bearer ${plain}`] })).toBe('allowed');
  expect(await reasonOf(dpop, { authorization: [`DPoP ${plain}`] })).toBe('proof_invalid');
});

test.each([
  ['a whole key', { jwk: { kty: 'oct' } }],
  ['a key id', { kid: 'x' }],
  ['a thumbprint with another member', { jkt: 'A'.repeat(43), kid: 'x' }],
  ['an invalid thumbprint', { jkt: 'x' }],
  ['a thumbprint that is not a string', { jkt: 5 }],
  ['an empty object', {}],
  ['a list', []],
  ['a string', 'x'],
])('a token is denied if its `cnf` is %s', async (_, cnf) => {
  const bound = await issuer.mint({ claims: { cnf } });
  expect(await reasonOf([], { authorization: [`Bearer ${bound}`] })).toBe('token_bound');
});

test('a token with a null `cnf` has no binding: allowed as Bearer, denied as DPoP', async () => {
  const plain = await issuer.mint({ claims: { cnf: null } });
  expect(await reasonOf([], { authorization: [`Bearer ${plain}`] })).toBe('allowed');
  const proof = await makeProof(client, plain);
  expect(await reasonOf([proof], { authorization: [`DPoP ${plain}`] })).toBe('proof_invalid');
});

describe('used proofs', () => {
  const options = (more: string) => `dpop: {origins: ["https://orders.example.com"], ${more}}`;

  test('are stored until they are too old; a full store is `overloaded`, not `proof_invalid`', async () => {
    const clock = createTestClock();
    const small = await coreWith(options('maxProofs: 2, maxProofsPerKey: 2'), clock);
    const ask = async (proof: string) =>
      (await small.check(checkRequest({ ...target, authorization: [`DPoP ${token}`], dpop: [proof] })))
        .reason;
    const iat = () => ({ claims: { iat: Math.floor(clock.now() / 1000) } });
    const first = await makeProof(client, token, iat());
    expect(await ask(first)).toBe('allowed');
    expect(await ask(await makeProof(client, token, iat()))).toBe('allowed');
    expect(await ask(await makeProof(client, token, iat()))).toBe('overloaded');
    expect(await ask(first)).toBe('proof_invalid');
    await clock.advance(91_000);
    expect(await ask(first)).toBe('proof_invalid');
    expect(await ask(await makeProof(client, token, iat()))).toBe('allowed');
    small.stop();
  });

  test('of one client leave space for other clients of this issuer and of other issuers', async () => {
    const other = await startFakeIssuer();
    const shared = await startCore(
      await configOf(`issuers:
  - {issuer: "${issuer.url}", audiences: [${audience}], name: main, boundTokens: verify}
  - {issuer: "${other.url}", audiences: [${audience}], name: other, boundTokens: verify}
${options('maxProofs: 60')}`),
    );
    const ask = async (owner: FakeIssuer, key: SigningKey) => {
      const bound = await owner.mint({ claims: { cnf: { jkt: await thumbprint(key) } } });
      const dpop = [await makeProof(key, bound)];
      return (await shared.check(checkRequest({ ...target, authorization: [`DPoP ${bound}`], dpop }))).reason;
    };
    const greedy: string[] = [];
    for (let index = 0; index < 61; index++) greedy.push(await ask(issuer, client));
    expect(greedy.filter((reason) => reason === 'allowed')).toHaveLength(12);
    expect(greedy.filter((reason) => reason === 'overloaded')).toHaveLength(49);
    expect(await ask(issuer, stranger)).toBe('allowed');
    expect(await ask(other, stranger)).toBe('allowed');
    expect(await ask(other, client)).toBe('allowed');
    shared.stop();
    await other.close();
  });

  test('are denied after a reload with a larger maxAge', async () => {
    const clock = createTestClock();
    const replays = createReplayStore();
    const withAge = async (maxAge: string) =>
      startCore(
        await configOf(
          `issuers: [{issuer: "${issuer.url}", audiences: [${audience}], boundTokens: verify}]
${options(`maxAge: ${maxAge}`)}`,
        ),
        clock,
        replays,
      );
    const proofOfNow = () => makeProof(client, token, { claims: { iat: Math.floor(clock.now() / 1000) } });
    const ask = async (core: TestCore, proof: string) =>
      (await core.check(checkRequest({ ...target, authorization: [`DPoP ${token}`], dpop: [proof] }))).reason;
    const [short, long] = [await withAge('1m'), await withAge('10m')];
    const stolen = await proofOfNow();
    expect(await ask(short, stolen)).toBe('allowed');
    await clock.advance(95_000);
    expect(await ask(short, await proofOfNow())).toBe('allowed');
    expect(await ask(long, stolen)).toBe('proof_invalid');
    expect(await ask(long, await proofOfNow())).toBe('allowed');
    short.stop();
    long.stop();
  });
});

describe('the key in a proof', () => {
  const verified = (importKey: ImportKey) => async () => {
    const request = checkRequest({ ...target, dpop: [await makeProof(client, token)] });
    const keyThumbprint = await thumbprint(client);
    const options = { origins: ['https://orders.example.com'], maxAge: 60_000 };
    const proof = readProof({ request, token, keyThumbprint, now: Date.now() }, options, importKey);
    return 'verify' in proof && proof.verify();
  };
  const failing = (code: string) => () => {
    throw Object.assign(new Error('no'), { code });
  };

  test('is invalid if its numbers are not a key', async () => {
    expect(await verified(failing('ERR_CRYPTO_INVALID_JWK'))()).toBe(false);
  });

  test('is not reported as invalid if its import or a verification throws', async () => {
    await expect(verified(failing('ERR_OSSL_MALLOC_FAILURE'))).rejects.toThrow('no');
    await expect(verified(() => failing('ERR_OSSL_MALLOC_FAILURE'))).rejects.toThrow('no');
  });

  test('verifies the proof', async () => {
    expect(await verified(() => () => true)()).toBe(true);
    expect(await verified(() => () => false)()).toBe(false);
  });
});
