/** The site that the browser tests of the login share: its rules, its browser, and the sites of others. */
import type { Browser, BrowserContext } from 'playwright-core';
import type { Clock } from '../../../src/runtime/time/clock.ts';
import { startBrowser, startBrowserWithoutCookies } from './browser.ts';
import { client } from './keycloak.ts';
import { type OtherOrigin, startOtherOrigin } from './origin.ts';
import type { ServiceFiles } from './service.ts';
import { certificateOfHosts, type HeaderLists, type LoginStack, startLoginStack } from './stack.ts';

/** The origin of the site. */
export const origin = 'https://app.test';

/** The options of a site. */
export interface SiteOptions {
  readonly transport: 'http' | 'grpc';
  /** Issuers by name. */
  readonly issuers: Readonly<Record<string, string>>;
  /** With a clock, the service runs in this process. */
  readonly clock?: Clock;
  /** More lines of an issuer's `login`, `login` or `sessions`, as members of a YAML map. */
  readonly issuerLogin?: string;
  readonly login?: string;
  readonly sessions?: string;
  /** Changes the header lists of the entry, as a mistake would. */
  readonly listed?: (lists: HeaderLists) => HeaderLists;
}

/** A site with its browser. */
export interface LoginSite extends LoginStack {
  readonly browser: Browser;
  /** Starts a browser that refuses the cookies of the site. */
  readonly browserWithoutCookies: () => Promise<BrowserContext>;
  /** Serves `evil.test` and `sub.app.test`. */
  readonly others: OtherOrigin;
}

/** Starts everything but the issuers. */
export async function startLoginSite(
  paths: { readonly chromium: string; readonly envoy: string },
  options: SiteOptions,
): Promise<LoginSite> {
  const serverTls = certificateOfHosts();
  const others = await startOtherOrigin(serverTls);
  const stack = await startLoginStack(paths.envoy, {
    transport: options.transport,
    serverTls,
    configuration: (files) => configurationOf(options, files),
    clientSecret: client.secret,
    ...(options.listed !== undefined && { listed: options.listed }),
    ...(options.clock !== undefined && { clock: options.clock }),
  });
  const hosts = {
    port: stack.envoy.port,
    others: { 'evil.test': others.port, 'sub.app.test': others.port },
  };
  const browser = await startBrowser(paths.chromium, serverTls.certFile, hosts);
  return {
    ...stack,
    browser,
    browserWithoutCookies: () =>
      startBrowserWithoutCookies(paths.chromium, serverTls.certFile, hosts, 'app.test'),
    others,
    stop: async () => {
      await browser.close();
      await stack.stop();
      await others.close();
    },
  };
}

/** Pages need a login, `/staff` also a group; `/api` takes tokens of machines only; `/peek` uses a session but asks for none. */
function configurationOf(options: SiteOptions, { keysFile, secretFile }: ServiceFiles): string {
  const member = (text = '') => (text === '' ? '' : `, ${text}`);
  const issuers = Object.entries(options.issuers).map(
    ([name, issuer]) => `
  - issuer: "${issuer}"
    name: ${name}
    audiences: [orders-api]
    login: {clientId: ${client.id}, clientSecretFile: ${secretFile}, label: "Account of ${name}"${member(options.issuerLogin)}}`,
  );
  return `issuers:${issuers.join('')}
login: {hosts: [app.test, other.test]${member(options.login)}}
sessions: {keysFile: ${keysFile}${member(options.sessions)}}
rules:
  - {name: api, match: {hosts: [app.test], paths: ["/api/{**}"]}, require: {login: never}}
  - {name: peek, match: {hosts: [app.test], paths: [/peek]}, require: {login: session}}
  - {name: staff, match: {hosts: [app.test], paths: ["/staff/{**}"]}, require: {login: [${Object.keys(options.issuers)}], claims: {groups: [staff]}}}
  - {name: strict, match: {hosts: [app.test], paths: ["/strict/{**}"]}, require: {login: [${Object.keys(options.issuers)}]}, requireSameOrigin: true}
  - {name: pages, match: {hosts: [app.test, other.test]}, require: {login: [${Object.keys(options.issuers)}]}}
`;
}
