/** A real Chromium that finds the hosts of a test on this machine and trusts the certificate of the test. */
import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';

/** The ports of hosts. */
export interface Hosts {
  /** The port of all hosts below `.test`, except those of `others`. */
  readonly port: number;
  /** Ports by host. */
  readonly others?: Readonly<Record<string, number>>;
}

/** Starts Chromium. A page of a `.test` host is secure, so cookies have the semantics of a real site. */
export function startBrowser(executablePath: string, certFile: string, hosts: Hosts): Promise<Browser> {
  return chromium.launch({ executablePath, args: argumentsFor(certFile, hosts) });
}

/** Starts Chromium with a profile whose settings refuse all cookies of a host. */
export function startBrowserWithoutCookies(
  executablePath: string,
  certFile: string,
  hosts: Hosts,
  host: string,
): Promise<BrowserContext> {
  const profile = mkdtempSync(join(tmpdir(), 'oidc-authz-profile-'));
  mkdirSync(join(profile, 'Default'));
  const refuse = { setting: 2 };
  const settings = {
    profile: { content_settings: { exceptions: { cookies: { [`https://${host}:443,*`]: refuse } } } },
  };
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(settings));
  return chromium.launchPersistentContext(profile, { executablePath, args: argumentsFor(certFile, hosts) });
}

function argumentsFor(certFile: string, { port, others = {} }: Hosts): string[] {
  const { publicKey } = new X509Certificate(readFileSync(certFile));
  const pin = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
  const rules = [
    ...Object.entries(others).map(([host, at]) => `MAP ${host} 127.0.0.1:${at}`),
    `MAP *.test 127.0.0.1:${port}`,
    // Nothing leaves this machine: pages of issuers name fonts elsewhere.
    'MAP * ~NOTFOUND',
    'EXCLUDE 127.0.0.1',
  ];
  return [
    '--no-sandbox',
    `--host-resolver-rules=${rules.join(', ')}`,
    `--ignore-certificate-errors-spki-list=${pin}`,
  ];
}
