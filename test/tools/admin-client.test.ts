/** The problems of answers to `--admin`, and the mistakes that they show. */
import { expect, test } from 'vitest';
import { jsonOf } from '../../src/tools/admin-client.ts';

const origin = new URL('http://127.0.0.1:8081');

test.each<[string, number, string, string | undefined, string]>([
  [
    'names the status and the text',
    404,
    'no such path',
    'secret',
    'http://127.0.0.1:8081 answers 404: no such path',
  ],
  [
    'says that a check port is not the admin listener',
    401,
    '{"error":"unauthorized"}',
    undefined,
    'http://127.0.0.1:8081 answers 401: {"error":"unauthorized"}; this is not the admin listener, whose port is 8081 by default',
  ],
  [
    'says nothing of a token that was not sent',
    403,
    'Denied.',
    undefined,
    'http://127.0.0.1:8081 answers 403: Denied.',
  ],
  [
    'says that the token that was sent is not accepted, and does not print it',
    403,
    'Denied.',
    'secret',
    'http://127.0.0.1:8081 answers 403: Denied. The service does not accept the token of --admin-token-file.',
  ],
])('%s', (_, status, body, token, expected) => {
  const response = { status, statusText: '', headers: [], body };
  expect(() => jsonOf(response, { origin, token })).toThrow(new Error(expected));
});
