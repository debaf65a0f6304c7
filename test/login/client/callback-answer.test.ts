import { describe, expect, test } from 'vitest';
import { checkAnswer } from '../../../src/login/client/callback-answer.ts';
import { loginStart } from '../../support/login-issuer.ts';

const issuer = 'https://issuer.example.com/realms/shop';
const start = loginStart();
const answer = (query: string) => new URL(`https://shop.example.com/.oidc-authz/callback?${query}`);
const read = (query: string, sendsIssuer = true) =>
  checkAnswer(answer(query), { issuer, sendsIssuer, start });
const iss = `iss=${encodeURIComponent(issuer)}`;
const good = `code=abc&state=${start.state}&${iss}`;

test('a good answer keeps only the checked parameters, at the redirect URI of the start', () => {
  const result = read(`${good}&session_state=x&id_token=y&foo=bar`);
  expect(String(result)).toBe(
    `${start.redirectUri}?code=abc&state=${start.state}&iss=${encodeURIComponent(issuer)}`,
  );
});

test('an issuer that does not send iss needs none, but a wrong one is still rejected', () => {
  expect(read(`code=abc&state=${start.state}`, false)).toBeInstanceOf(URL);
  expect(read(`code=abc&state=${start.state}&iss=https://evil.example.com`, false)).toMatchObject({
    kind: 'rejected',
  });
});

describe.each([
  ['no state', `code=abc&${iss}`, 'state'],
  ['an empty state', `code=abc&state=&${iss}`, 'state'],
  ['the state of another login', `code=abc&state=other&${iss}`, 'state'],
  ['a state that only begins so', `code=abc&state=${start.state}x&${iss}`, 'state'],
  ['two equal states', `code=abc&state=${start.state}&state=${start.state}&${iss}`, 'state more than once'],
  ['two codes', `${good}&code=def`, 'code more than once'],
  ['two iss', `${good}&${iss}`, 'iss more than once'],
  [
    'two iss, one of them encoded in its name',
    `${good}&%69ss=https://evil.example.com`,
    'iss more than once',
  ],
  ['two errors', `error=a&error=b&state=${start.state}&${iss}`, 'error more than once'],
  ['no iss', `code=abc&state=${start.state}`, 'no iss'],
  ['an empty iss', `code=abc&state=${start.state}&iss=`, 'another issuer'],
  ['another iss', `code=abc&state=${start.state}&iss=https://evil.example.com`, 'another issuer'],
  ['an iss with a final slash', `code=abc&state=${start.state}&${iss}/`, 'another issuer'],
  [
    'an iss in upper case',
    `code=abc&state=${start.state}&${iss.toUpperCase().replace('ISS=', 'iss=')}`,
    'another issuer',
  ],
  ['an error without iss', `error=access_denied&state=${start.state}`, 'no iss'],
  [
    'an error of another issuer',
    `error=access_denied&state=${start.state}&iss=https://evil.example.com`,
    'another issuer',
  ],
  ['no code', `state=${start.state}&${iss}`, 'no code'],
  ['an empty code', `code=&state=${start.state}&${iss}`, 'no code'],
  ['a JARM response', `response=x.y.z&state=${start.state}&${iss}`, 'JWT'],
  ['a query that is too long', `${good}&x=${'a'.repeat(5_000)}`, 'too long'],
])('%s', (_, query, text) => {
  test('is rejected', () => {
    expect(read(query)).toEqual({ kind: 'rejected', detail: expect.stringContaining(text) });
  });
});

test.each([
  ['access_denied', 'cancelled'],
  ['login_required', 'cancelled'],
  ['interaction_required', 'cancelled'],
  ['consent_required', 'cancelled'],
  ['temporarily_unavailable', 'unavailable'],
  ['server_error', 'unavailable'],
  ['invalid_scope', 'rejected'],
])('the error %s is %s', (error, kind) => {
  expect(read(`error=${error}&error_description=secret&state=${start.state}&${iss}`)).toEqual({
    kind,
    code: error,
    detail: `the issuer ended the login with ${error}`,
  });
});

test('an unknown error code is not repeated', () => {
  expect(read(`error=<script>secret&state=${start.state}&${iss}`)).toEqual({
    kind: 'rejected',
    detail: 'the issuer ended the login with an unknown error code',
  });
});

test('the error of an issuer wins over its code', () => {
  expect(read(`${good}&error=access_denied`)).toMatchObject({ kind: 'cancelled' });
});
