/** A real Chromium that finds the hosts of a test on this machine and trusts the certificate of the test. */
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where hosts are. */
export interface Hosts {
  /** The port of all hosts below `.test`, except those of `others`. */
  readonly port: number;
  /** Ports by host. */
  readonly others?: Readonly<Record<string, number>>;
}

/** Starts Chromium. A page of a `.test` host is secure, so cookies have the semantics of a real site. */
export function startBrowser(
  executablePath: string,
  certFile: string,
  { port, others = {} }: Hosts,
): Promise<Browser> {
  const { publicKey } = new X509Certificate(readFileSync(certFile));
  const pin = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
  const rules = [
    ...Object.entries(others).map(([host, at]) => `MAP ${host} 127.0.0.1:${at}`),
    `MAP *.test 127.0.0.1:${port}`,
  ];
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      `--host-resolver-rules=${rules.join(', ')}`,
      `--ignore-certificate-errors-spki-list=${pin}`,
    ],
  });
}
