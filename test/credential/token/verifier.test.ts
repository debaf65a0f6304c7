import { generateKeyPair } from 'jose';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { CheckRequest } from '../../../src/model/check-request.ts';
import type { Decision } from '../../../src/model/decision.ts';
import { configOf, fileFor, until } from '../../support/app.ts';
import { createTestClock, settled, type TestClock } from '../../support/clock.ts';
import { startCore, type TestCore } from '../../support/core.ts';
import { type FakeIssuer, sendJson, startFakeIssuer } from '../../support/fake-issuer.ts';
import { createSigningKey, type SigningKey } from '../../support/keys.ts';
import { checkRequest } from '../../support/requests.ts';

let spare: SigningKey;
let signers: Record<string, SigningKey>;

beforeAll(async () => {
  spare = await createSigningKey('k2');
  const algorithms = [
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
  ];
  const keys = await Promise.all(
    algorithms.map(async (algorithm) => [algorithm, await createSigningKey(`k-${algorithm}`, algorithm)]),
  );
  signers = Object.fromEntries(keys);
});

interface Bench {
  readonly issuer: FakeIssuer;
  readonly core: TestCore;
  readonly clock: TestClock;
  readonly ask: (token: string) => Promise<Decision>;
}

async function bench(
  flags: readonly string[] = [],
  more: (url: string) => string = fileFor,
  keys?: SigningKey[],
): Promise<Bench> {
  const issuer = await startFakeIssuer(keys === undefined ? {} : { keys });
  const clock = createTestClock();
  const core = await startCore(await configOf(more(issuer.url), flags), clock);
  onTestFinished(async () => {
    core.stop();
    await issuer.close();
  });
  return { issuer, core, clock, ask: async (token) => core.check(requestWith(token)) };
}

function requestWith(token: string): CheckRequest {
  return checkRequest({ authorization: [`Bearer ${token}`] });
}

/** Only a cached token keeps its answers. */
const withoutAnswers = (decision: Decision): Decision =>
  decision.outcome === 'allow'
    ? { ...decision, forwarding: { ...decision.forwarding, answers: undefined } }
    : decision;

const summary = (decision: Decision) => [
  decision.reason,
  'cached' in decision ? decision.cached === true : false,
];

describe('a cached token', () => {
  test('is not verified again, and has the same result', async () => {
    const { ask, issuer } = await bench();
    const token = await issuer.mint({ claims: { email: 'a@example.com' } });
    const [first, second] = [await ask(token), await ask(token)];
    expect([summary(first), summary(second)]).toEqual([
      ['allowed', false],
      ['allowed', true],
    ]);
    expect(withoutAnswers({ ...second, cached: false } as Decision)).toEqual(withoutAnswers(first));
  });

  test('is answered without a promise', async () => {
    const { core, issuer, ask } = await bench();
    const token = await issuer.mint();
    await ask(token);
    expect(core.check(requestWith(token))).not.toBeInstanceOf(Promise);
  });

  test('expires with its exp, to the second', async () => {
    const { ask, issuer, clock } = await bench();
    const token = await issuer.mint({ claims: { exp: Math.floor(clock.now() / 1000) + 10 } });
    await ask(token);
    await clock.advance(39_000);
    expect(summary(await ask(token))).toEqual(['allowed', true]);
    await clock.advance(1_500);
    expect(summary(await ask(token))).toEqual(['token_expired', true]);
  });

  test('is verified again after cache.maxAge', async () => {
    const { ask, issuer, clock } = await bench(['--cache-max-age=10s']);
    const token = await issuer.mint();
    await ask(token);
    await clock.advance(9_900);
    expect(summary(await ask(token))).toEqual(['allowed', true]);
    await clock.advance(200);
    expect(summary(await ask(token))).toEqual(['allowed', false]);
  });

  test('follows the wall clock when that jumps', async () => {
    const { ask, issuer, clock } = await bench();
    const token = await issuer.mint();
    await ask(token);
    clock.jump(24 * 3_600_000);
    expect((await ask(token)).reason).toBe('token_expired');
    clock.jump(-48 * 3_600_000);
    expect((await ask(token)).reason).toBe('token_not_yet_valid');
  });

  test('is removed with its key', async () => {
    const { ask, issuer, clock } = await bench(['--keys-refresh-interval=60s']);
    const token = await issuer.mint();
    await ask(token);
    issuer.keys = [spare];
    await clock.advance(60_000);
    await until(() => issuer.hits.jwks === 2);
    await settled();
    expect(summary(await ask(token))).toEqual(['key_not_found', false]);
  });

  test('is removed when its kid gets other key material', async () => {
    const { ask, issuer, clock } = await bench(['--keys-refresh-interval=60s']);
    const token = await issuer.mint();
    await ask(token);
    issuer.keys = [await createSigningKey('k1')];
    await clock.advance(60_000);
    await until(() => issuer.hits.jwks === 2);
    await until(async () => (await ask(token)).reason === 'signature_invalid');
  });
});

describe('is not cached', () => {
  test.each([
    ['an expired token', { exp: 1 }],
    ['a token for another audience', { aud: 'other' }],
    ['a token without exp', { exp: undefined }],
  ])('%s', async (_, claims) => {
    const { ask, issuer, core } = await bench();
    await ask(await issuer.mint({ claims }));
    expect(core.cache.size()).toBe(0);
  });

  test('a forged token, also if it is sent often', async () => {
    const { ask, issuer, core } = await bench();
    const forged = await issuer.mint({ key: { ...spare, kid: 'k1' } });
    for (let index = 0; index < 20; index++)
      expect(summary(await ask(forged))).toEqual(['signature_invalid', false]);
    expect(core.cache.size()).toBe(0);
    expect(issuer.hits.jwks).toBe(1);
  });
});

test('at most cache.maxEntries tokens are cached', async () => {
  const { core, ask, issuer } = await bench(['--cache-max-entries=100']);
  for (let index = 0; index < 300; index++)
    await ask(await issuer.mint({ claims: { sub: `user-${index}` } }));
  expect(core.cache.size()).toBe(100);
});

describe('concurrent verifications', () => {
  test('of one token run once', async () => {
    const { ask, issuer } = await bench(['--limits-max-verifications-in-flight=1']);
    const token = await issuer.mint();
    const decisions = await Promise.all(Array.from({ length: 100 }, () => ask(token)));
    expect(new Set(decisions.map(({ reason }) => reason))).toEqual(new Set(['allowed']));
  });

  test('beyond the limit end as overloaded, and later ones do not', async () => {
    const { ask, issuer } = await bench(['--limits-max-verifications-in-flight=2']);
    const tokens = await Promise.all(
      [1, 2, 3, 4, 5].map((index) => issuer.mint({ claims: { sub: `user-${index}` } })),
    );
    const decisions = await Promise.all(tokens.map(ask));
    expect(decisions.map(({ reason }) => reason)).toEqual([
      'allowed',
      'allowed',
      'overloaded',
      'overloaded',
      'overloaded',
    ]);
    expect((await ask(tokens[4] ?? '')).reason).toBe('allowed');
  });
});

describe('an unknown key ID', () => {
  test('causes one fetch, and every waiting check is answered', async () => {
    const { ask, issuer } = await bench();
    issuer.keys = [spare, ...issuer.keys];
    const tokens = await Promise.all(
      [1, 2, 3].map((index) => issuer.mint({ key: spare, claims: { sub: `user-${index}` } })),
    );
    const decisions = await Promise.all(tokens.map(ask));
    expect(decisions.map(({ reason }) => reason)).toEqual(['allowed', 'allowed', 'allowed']);
    expect(issuer.hits.jwks).toBe(2);
  });

  test('in a flood causes at most two fetches in ten seconds, including failed ones', async () => {
    const { ask, issuer, clock } = await bench();
    for (const endpoint of ['works', 'fails'] as const) {
      const before = issuer.hits.jwks;
      if (endpoint === 'fails') issuer.jwks = (_, response) => response.writeHead(500).end();
      for (let second = 0; second < 10; second++) {
        const flood = Array.from({ length: 100 }, async (_, index) =>
          ask(await issuer.mint({ header: { kid: `u-${second}-${index}` } })),
        );
        expect(new Set((await Promise.all(flood)).map(({ reason }) => reason))).toEqual(
          new Set(['key_not_found']),
        );
        await clock.advance(1_000);
      }
      expect(issuer.hits.jwks - before).toBeLessThanOrEqual(2);
      await clock.advance(60_000);
    }
  });

  test('whose fetch hangs is answered by the deadline, and known keys immediately', async () => {
    const { ask, issuer, clock } = await bench();
    const known = await issuer.mint();
    issuer.jwks = () => {};
    const waiting = ask(await issuer.mint({ header: { kid: 'new' } }));
    await settled();
    expect((await ask(known)).reason).toBe('allowed');
    await clock.advance(1_500);
    expect((await waiting).reason).toBe('key_not_found');
  });

  test('is waited for by a limited number of checks; further checks are answered immediately', async () => {
    const { ask, issuer, clock } = await bench(['--limits-max-verifications-in-flight=3']);
    issuer.jwks = () => {};
    const flood = await Promise.all(
      Array.from({ length: 20 }, (_, index) => issuer.mint({ header: { kid: `u-${index}` } })),
    );
    const answered: string[] = [];
    const all = flood.map(async (token) => answered.push((await ask(token)).reason));
    await settled();
    expect(answered).toEqual(Array.from({ length: 17 }, () => 'key_not_found'));
    await clock.advance(1_500);
    await Promise.all(all);
    expect(answered).toHaveLength(20);
  });

  test('is waited for until the deadline by a few checks, and for a third of that time by many', async () => {
    for (const [count, answeredBy] of [
      [8, 1_350],
      [40, 450],
    ] as const) {
      const { ask, issuer, clock } = await bench();
      issuer.jwks = () => {};
      const tokens = await Promise.all(
        Array.from({ length: count }, (_, index) => issuer.mint({ header: { kid: `u-${index}` } })),
      );
      let answered = 0;
      for (const token of tokens) void ask(token).then(() => answered++);
      await until(() => issuer.hits.jwks === 2);
      await settled();
      await clock.advance(answeredBy - 1);
      expect(answered).toBe(0);
      await clock.advance(1);
      expect(answered).toBe(count);
    }
  });

  test('is not waited for again while the same fetch hangs', async () => {
    const { ask, core, issuer, clock } = await bench();
    const hung: (() => void)[] = [];
    issuer.jwks = (_, response) => void hung.push(() => response.writeHead(500).end());
    const first = ask(await issuer.mint({ header: { kid: 'new' } }));
    await until(() => hung.length === 1);
    await clock.advance(1_500);
    expect((await first).reason).toBe('key_not_found');
    const another = requestWith(await issuer.mint({ header: { kid: 'other' } }));
    expect(core.check(another)).toMatchObject({ reason: 'key_not_found' });

    issuer.keys = [spare, ...issuer.keys];
    issuer.jwks = (_, response) => sendJson(response, { keys: issuer.keys.map((key) => key.publicJwk) });
    for (const end of hung) end();
    await clock.advance(60_000);
    expect((await ask(await issuer.mint({ key: spare }))).reason).toBe('allowed');
  });

  test('that hangs at one issuer does not affect tokens of another', async () => {
    const other = await startFakeIssuer();
    onTestFinished(other.close);
    const { ask, issuer } = await bench(['--limits-max-verifications-in-flight=2'], (url) =>
      fileFor(url).replace(
        'issuers: [',
        `issuers: [{issuer: "${other.url}", audiences: [orders-api], name: other}, `,
      ),
    );
    issuer.jwks = () => {};
    for (let index = 0; index < 5; index++) void ask(await issuer.mint({ header: { kid: `u-${index}` } }));
    other.keys = [spare, ...other.keys];
    expect((await ask(await other.mint({ key: spare }))).reason).toBe('allowed');
  });
});

test('a known key ID with another algorithm causes no fetch', async () => {
  const { ask, issuer } = await bench();
  for (let index = 0; index < 5; index++) {
    const [, body] = (await issuer.mint({ claims: { sub: `user-${index}` } })).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'PS256', kid: 'k1' })).toString('base64url');
    expect((await ask(`${header}.${body}.AAAA`)).reason).toBe('key_not_found');
  }
  expect(issuer.hits.jwks).toBe(1);
});

describe('a token without a key ID', () => {
  test('is verified with every key that matches', async () => {
    const { ask, issuer } = await bench([], fileFor, [await createSigningKey('k1'), spare]);
    for (const key of issuer.keys) {
      const token = await issuer.mint({ key, header: { kid: undefined } });
      expect([summary(await ask(token)), summary(await ask(token))]).toEqual([
        ['allowed', false],
        ['allowed', true],
      ]);
    }
    expect(issuer.hits.jwks).toBe(1);
  });

  test('finds its key among those of other algorithms', async () => {
    const ec = await createSigningKey('e1', 'ES256');
    const { ask, issuer } = await bench([], fileFor, [ec, spare]);
    expect((await ask(await issuer.mint({ header: { kid: undefined } }))).reason).toBe('allowed');
  });
});

describe('every supported algorithm', () => {
  const all = (url: string) =>
    fileFor(url).replace(
      'name: main',
      'name: main, algorithms: [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA]',
    );

  test.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'])(
    '%s',
    async (algorithm) => {
      const key = signers[algorithm];
      if (key === undefined) throw new TypeError('no key');
      const { ask, issuer } = await bench([], all, [key]);
      expect((await ask(await issuer.mint())).reason).toBe('allowed');
      const forger = { ...key, privateKey: (await generateKeyPair(algorithm)).privateKey };
      expect((await ask(await issuer.mint({ key: forger }))).reason).toBe('signature_invalid');
    },
  );

  test('Ed25519 is accepted as EdDSA', async () => {
    const key = signers.EdDSA;
    if (key === undefined) throw new TypeError('no key');
    const named = { ...key, publicJwk: { ...key.publicJwk, alg: 'Ed25519' } };
    const { ask, issuer } = await bench([], fileFor, [named]);
    for (const alg of ['EdDSA', 'Ed25519']) {
      expect((await ask(await issuer.mint({ header: { alg }, claims: { sub: alg } }))).reason).toBe(
        'allowed',
      );
    }
  });

  test.each(['ES256', 'ES384', 'ES512'])(
    '%s with a signature of another form or of zeros',
    async (algorithm) => {
      const key = signers[algorithm];
      if (key === undefined) throw new TypeError('no key');
      const { ask, issuer } = await bench([], all, [key]);
      const [head, body, signature = ''] = (await issuer.mint()).split('.');
      const raw = Buffer.from(signature, 'base64url');
      const forms = [
        Buffer.alloc(raw.length),
        raw.subarray(1),
        Buffer.concat([raw, Buffer.alloc(1)]),
        Buffer.concat([Buffer.from([0x30, raw.length]), raw]),
      ];
      for (const form of forms)
        expect((await ask(`${head}.${body}.${form.toString('base64url')}`)).reason).toBe('signature_invalid');
    },
  );
});

test('a bound token is accepted without a proof with boundTokens: asBearer', async () => {
  const { ask, issuer } = await bench([], (url) =>
    fileFor(url).replace('name: main', 'name: main, boundTokens: asBearer'),
  );
  expect((await ask(await issuer.mint({ claims: { cnf: { jkt: 'x' } } }))).reason).toBe('allowed');
});

test('audiences can be read from other claims, and anyAudience accepts all', async () => {
  const client = await bench([], (url) =>
    fileFor(url).replace('name: main', 'name: main, audienceClaims: [aud, client_id]'),
  );
  expect(
    (await client.ask(await client.issuer.mint({ claims: { aud: undefined, client_id: 'orders-api' } })))
      .reason,
  ).toBe('allowed');
  expect(
    (await client.ask(await client.issuer.mint({ claims: { aud: undefined, client_id: 'other' } }))).reason,
  ).toBe('audience_mismatch');
  expect((await client.ask(await client.issuer.mint({ claims: { client_id: 5 } }))).reason).toBe(
    'claim_invalid',
  );
  const any = await bench([], (url) => fileFor(url).replace('audiences: [orders-api]', 'anyAudience: true'));
  expect((await any.ask(await any.issuer.mint({ claims: { aud: undefined } }))).reason).toBe('allowed');
});
