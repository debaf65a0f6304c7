/** The examples in the RFCs: keys and signatures from other implementations. */
import { describe, expect, test } from 'vitest';
import { readProof } from '../../src/check/binding/dpop.ts';
import type { Algorithm } from '../../src/config/declare/issuer-options.ts';
import { readKeySet } from '../../src/issuer/keys/read-key-set.ts';
import { configOf } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { startCore } from '../support/core.ts';
import { lenientRules } from '../support/keys.ts';
import { checkRequest } from '../support/requests.ts';

interface Vector {
  readonly source: string;
  readonly algorithm: Algorithm;
  readonly jwk: Readonly<Record<string, string>>;
  readonly token: string;
}

const hobbit = {
  kty: 'RSA',
  kid: 'bilbo.baggins@hobbiton.example',
  n: 'n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw',
  e: 'AQAB',
};
const cookbookPayload =
  'SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4';

/** RFC 7515 appendix A.3: a JWT of the issuer `joe`, valid until 22 March 2011. */
const joe: Vector = {
  source: 'RFC 7515 appendix A.3',
  algorithm: 'ES256',
  jwk: {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  },
  token:
    'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
};

const vectors: readonly Vector[] = [
  joe,
  {
    source: 'RFC 7520 section 4.1',
    algorithm: 'RS256',
    jwk: hobbit,
    token: `eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.${cookbookPayload}.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg`,
  },
  {
    source: 'RFC 7520 section 4.2',
    algorithm: 'PS384',
    jwk: hobbit,
    token: `eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.${cookbookPayload}.cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw`,
  },
  {
    source: 'RFC 7520 section 4.3',
    algorithm: 'ES512',
    jwk: {
      kty: 'EC',
      kid: 'bilbo.baggins@hobbiton.example',
      crv: 'P-521',
      x: 'AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt',
      y: 'AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1',
    },
    token: `eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.${cookbookPayload}.AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUIIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2`,
  },
  {
    source: 'RFC 8037 appendix A.4',
    algorithm: 'EdDSA',
    jwk: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
    token:
      'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
  },
];

describe.each(vectors)('$source, $algorithm', ({ algorithm, jwk, token }) => {
  const { keySet } = readKeySet(JSON.stringify({ keys: [jwk] }), lenientRules);
  const [key] = keySet.find(jwk.kid, algorithm);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const data = Buffer.from(`${header}.${payload}`);
  const bytes = Buffer.from(signature, 'base64url');

  test('the signature is valid', () => {
    expect(key?.verify(data, bytes)).toBe(true);
  });

  test('the signature is invalid after a change of any bit', () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(key?.verify(data, changed)).toBe(false);
    }
  });
});

describe('as bearer tokens', () => {
  const ask = async (token: string, secondsAt?: number, more = '') => {
    const clock = createTestClock();
    if (secondsAt !== undefined) clock.jump(secondsAt * 1000 - clock.now());
    const jwks = JSON.stringify({ keys: [joe.jwk] });
    const config = await configOf(
      `issuers: [{issuer: joe, anyAudience: true, name: joe, jwks: '${jwks}'${more}}]`,
    );
    const core = await startCore(config, clock);
    const { reason } = await core.check(checkRequest({ authorization: [`Bearer ${token}`] }));
    core.stop();
    return reason;
  };

  test('allows the token of RFC 7515 appendix A.3 until it expires', async () => {
    expect(await ask(joe.token, 1_300_819_379)).toBe('allowed');
    expect(await ask(joe.token, 1_300_819_380 + 31)).toBe('token_expired');
    expect(await ask(joe.token)).toBe('token_expired');
    expect(
      await ask(joe.token, 1_300_819_379, ', requiredClaims: {"http://example.com/is_root": true}'),
    ).toBe('allowed');
    expect(
      await ask(joe.token, 1_300_819_379, ', requiredClaims: {"http://example.com/is_root": false}'),
    ).toBe('claim_not_allowed');
  });

  test.each(vectors.slice(1))('denies $source, whose payload has no claims', async ({ token }) => {
    expect(await ask(token)).toBe('token_malformed');
  });

  test('denies RFC 7515 appendix A.1 (HMAC), A.5 (unsecured) and E (crit)', async () => {
    const payload = joe.token.split('.')[1];
    const hmac = 'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9';
    expect(await ask(`${hmac}.${payload}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`)).toBe(
      'algorithm_not_allowed',
    );
    expect(await ask(`eyJhbGciOiJub25lIn0.${payload}.`)).toBe('token_malformed');
    const critical = JSON.stringify({
      alg: 'none',
      crit: ['http://example.invalid/UNDEFINED'],
      'http://example.invalid/UNDEFINED': true,
    });
    expect(await ask(`${Buffer.from(critical).toString('base64url')}.RkFJTA.`)).toBe('token_malformed');
    expect(await ask(`${Buffer.from(critical).toString('base64url')}.RkFJTA.AAAA`)).toBe('token_malformed');
  });
});

test('the proof of RFC 9449 section 7.1 is valid only for its token, request and time', () => {
  const proof =
    'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA';
  const terms = {
    request: checkRequest({ host: 'resource.example.org', path: '/protectedresource', dpop: [proof] }),
    token: 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU',
    keyThumbprint: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
    now: 1_562_262_618_000,
  };
  const options = { origins: ['https://resource.example.org'], maxAge: 60_000 };
  const valid = readProof(terms, options);
  expect('verify' in valid && valid.verify()).toBe(true);
  expect(readProof({ ...terms, token: 'x' }, options)).toMatchObject({ reason: 'proof_invalid' });
  expect(readProof({ ...terms, now: terms.now + 61_000 }, options)).toMatchObject({
    reason: 'proof_invalid',
  });
  expect(readProof({ ...terms, keyThumbprint: 'x' }, options)).toMatchObject({ reason: 'proof_invalid' });
});
