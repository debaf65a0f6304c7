/** The causes of failed connections, as users read them. */
import { expect, test } from 'vitest';
import { checkAddress, connectionProblem } from '../../src/tools/connection-problem.ts';

const tlsAlert = Object.assign(new Error('Parse Error: Expected HTTP/'), {
  rawPacket: Uint8Array.of(0x15, 3, 1, 0, 2, 2, 70),
});

test.each([
  [
    'a port without TLS',
    new Error(
      'write EPROTO 40F3:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:tlsany_meth.c:78:\n',
    ),
    'the port does not use TLS; write http:// instead of https://',
  ],
  ['a port with TLS', tlsAlert, 'the port uses TLS; write https:// instead of http://'],
  [
    'a closed connection',
    new Error('socket hang up'),
    'the connection was closed without a response; if the port uses TLS, write https://',
  ],
  [
    'an unknown CA',
    new Error(
      'self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca',
    ),
    'its certificate is not trusted (self-signed certificate); name its CA with --ca-file',
  ],
  [
    'another error',
    new Error('connect ECONNREFUSED 127.0.0.1:1'),
    `connect ECONNREFUSED 127.0.0.1:1; ${checkAddress}`,
  ],
  [
    'several addresses',
    new AggregateError([
      new Error('connect ECONNREFUSED ::1:1'),
      new Error('connect ECONNREFUSED 127.0.0.1:1'),
    ]),
    `connect ECONNREFUSED ::1:1, connect ECONNREFUSED 127.0.0.1:1; ${checkAddress}`,
  ],
])('explains %s', (_, error, expected) => {
  expect(connectionProblem(error)).toBe(expected);
});
