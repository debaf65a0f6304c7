/** h2spec passes against this service's own HTTP/2, with the strict cases: a handler that sends data, and the service itself. */
import { expect, onTestFinished, test } from 'vitest';
import { findH2spec, type H2specCase, runH2spec } from '../../../../tools/h2spec.ts';
import { fileFor, startApp } from '../../../support/app.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { describeWith } from '../../../support/real-servers.ts';
import { startOwnServer } from './fuzz/own-server.ts';

/** The number of cases in h2spec 2.2.1. */
const count = 146;

/** Cases that need data in the response. The service answers them with trailers only. */
const needData = [
  'generic/2 Sends a WINDOW_UPDATE frame on half-closed (remote) stream',
  'generic/2 Sends a PRIORITY frame on half-closed (remote) stream',
  'http2/6.5.3 Sends multiple values of SETTINGS_INITIAL_WINDOW_SIZE',
  'http2/6.9.1 Sends SETTINGS frame to set the initial window size to 1 and sends HEADERS frame',
  'http2/6.9.2 Changes SETTINGS_INITIAL_WINDOW_SIZE after sending HEADERS frame',
  'http2/6.9.2 Sends a SETTINGS frame for window size to be negative',
];

/** Cases that need a call that is still open. The service answers their calls at once, and asks the client to stop. */
const needOpenCall = [
  'http2/5.1.2 Sends HEADERS frames that causes their advertised concurrent stream limit to be exceeded',
  'http2/6.9 Sends a WINDOW_UPDATE frame with a flow control window increment of 0 on a stream',
  'http2/6.9.1 Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream',
  'http2/8.1 Sends a second HEADERS frame without the END_STREAM flag',
  'http2/8.1.2.1 Sends a HEADERS frame that contains a pseudo-header field as trailers',
  'http2/8.1.2.6 Sends a HEADERS frame with the "content-length" header field which does not equal the DATA frame payload length',
  'http2/8.1.2.6 Sends a HEADERS frame with the "content-length" header field which does not equal the sum of the multiple DATA frames payload length',
];

const notPassed = (cases: readonly H2specCase[]) => cases.filter(({ result }) => result !== 'passed');

describeWith('h2spec passes every case', await findH2spec(), (h2spec) => {
  test('against a handler that sends data', { timeout: 300_000 }, async () => {
    const server = await startOwnServer();
    onTestFinished(server.stop);
    const cases = await runH2spec(h2spec, { port: server.port(), path: '/?size=100' });
    expect(cases).toHaveLength(count);
    expect(notPassed(cases)).toEqual([]);
    expect(server.faults()).toEqual([]);
  });

  test.each([false, true])(
    'against the service, except those that need data or an open call; TLS: %s',
    {
      timeout: 300_000,
    },
    async (isTls) => {
      const { certFile, keyFile } = createAuthority().issue('grpc');
      const tls = `grpc: {tls: {certFile: ${certFile}, keyFile: ${keyFile}}, `;
      const file = fileFor('ISSUER');
      const service = await startApp({ file: isTls ? file.replace('grpc: {', tls) : file });
      const cases = await runH2spec(h2spec, { port: service.grpcPort, isTls });
      expect(cases).toHaveLength(count);
      expect(
        notPassed(cases)
          .map(({ name }) => name)
          .toSorted(),
      ).toEqual([...needData, ...needOpenCall].toSorted());
      expect(service.logText()).not.toMatch(/defect|internal_error/);
    },
  );
});
