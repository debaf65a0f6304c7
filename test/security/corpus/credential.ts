/** Cases of table D: transport of the credential. */
import { type Case, withHeader } from './case.ts';

type Make = (token: string) => readonly string[];

function lines(row: string, name: string, reason: Case['reason'], make: Make, isRaw = false): Case {
  return { row, name, reason, lines: (world) => make(withHeader(world, {})), isRaw };
}

/** All cases of this table. */
export const credentialCases: readonly Case[] = [
  lines('D1', 'two valid lines', 'token_duplicated', (token) => [`Bearer ${token}`, `Bearer ${token}`]),
  lines('D1', 'an invalid line first', 'token_duplicated', (token) => ['Bearer x', `Bearer ${token}`]),
  lines('D1', 'an invalid line last', 'token_duplicated', (token) => [`Bearer ${token}`, 'Bearer x']),
  {
    ...lines('D1', 'another scheme first', 'token_duplicated', (token) => ['Basic YTpi', `Bearer ${token}`]),
    reasonBehindEnvoy: 'token_missing',
  },
  lines('D1', 'another scheme last', 'token_duplicated', (token) => [`Bearer ${token}`, 'Basic YTpi']),
  lines('D1', 'three lines', 'token_duplicated', (token) => [
    `Bearer ${token}`,
    `Bearer ${token}`,
    `Bearer ${token}`,
  ]),
  lines('D2', 'two joined with a comma', 'token_duplicated', (token) => [`Bearer ${token},Bearer ${token}`]),
  lines('D2', 'two joined with a comma and a space', 'token_duplicated', (token) => [
    `Bearer ${token}, Bearer ${token}`,
  ]),
  lines('D2', 'a comma after the token', 'token_duplicated', (token) => [`Bearer ${token},`]),
  lines('D2', 'a comma before the token', 'token_duplicated', (token) => [`Bearer ,${token}`]),
  lines('D2', 'a comma and text after the token', 'token_duplicated', (token) => [`Bearer ${token}, x`]),
  lines('D2', 'another scheme joined before it', 'token_missing', (token) => [`Basic YTpi, Bearer ${token}`]),
  ...['bearer', 'BEARER', 'BeArEr', 'bEARER'].map((scheme) =>
    lines('D3', `the scheme as ${scheme}`, 'allowed', (token) => [`${scheme} ${token}`]),
  ),
  ...[2, 3, 50].map((count) =>
    lines('D4', `${count} spaces`, 'allowed', (token) => [`Bearer${' '.repeat(count)}${token}`]),
  ),
  lines('D4', 'a tab', 'token_malformed', (token) => [`Bearer\t${token}`]),
  lines('D4', 'a space and a tab', 'token_malformed', (token) => [`Bearer \t${token}`]),
  lines('D4', 'text after the token', 'token_malformed', (token) => [`Bearer ${token} x`]),
  lines('D4', 'the token twice', 'token_malformed', (token) => [`Bearer ${token} ${token}`]),
  lines('D4', 'quotes', 'token_malformed', (token) => [`Bearer "${token}"`]),
  lines('D4', 'a name before the token', 'token_malformed', (token) => [`Bearer token=${token}`]),
  lines('D4', 'a colon after the scheme', 'token_malformed', (token) => [`Bearer: ${token}`]),
  lines('D4', 'no space', 'token_missing', (token) => [`Bearer${token}`]),
  lines('D4', 'the scheme alone', 'token_malformed', () => ['Bearer']),
  lines('D4', 'the scheme twice', 'token_malformed', (token) => [`Bearer Bearer ${token}`]),
  lines('D4', 'the token alone', 'token_missing', (token) => [token]),
  lines('D5', 'no line', 'token_missing', () => []),
  lines('D5', 'an empty line', 'token_missing', () => ['']),
  ...['a:', ':a', 'x-oauth-basic:'].map((user) =>
    lines('D7', `inside Basic (${user})`, 'token_missing', (token) => [
      `Basic ${Buffer.from(user.replace('a', token)).toString('base64')}`,
    ]),
  ),
  ...[
    'DPoP',
    'Negotiate',
    'Digest',
    'Token',
    'JWT',
    'OAuth',
    'MAC',
    'Bearer2',
    'Bearer-',
    'XBearer',
    'Bear',
    'B',
    'Bearer_',
  ].map((scheme) => lines('D8', `the scheme ${scheme}`, 'token_missing', (token) => [`${scheme} ${token}`])),
  lines('D10', 'a letter beyond ASCII', 'token_malformed', (token) => [`Bearer é${token}`], true),
  lines(
    'D10',
    'a scheme with a letter that looks the same',
    'token_missing',
    (token) => [`Bеarer ${token}`],
    true,
  ),
  lines('D10', 'a no-break space', 'token_malformed', (token) => [`Bearer\u00a0${token}`], true),
  lines('D11', '16 KiB and a byte', 'token_too_large', () => [`Bearer ${'a'.repeat(16 * 1024 + 1)}`]),
  lines('D11', '40 KiB of dots', 'token_too_large', () => [`Bearer ${'.'.repeat(40 * 1024)}`]),
  lines('D15', 'an opaque token', 'token_malformed', () => ['Bearer 0123456789abcdef']),
  lines('D15', 'an opaque token with dots', 'token_malformed', () => ['Bearer ya29.a0AfH6SM.x']),
];
