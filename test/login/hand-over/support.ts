/** Three hosts of three sites, one of which signs everyone in. */
import type { LoginPlace } from '../../../src/login/logins.ts';
import { answerOfIssuer, openWanderingBrowser, type WanderingBrowser } from '../support/many-hosts.ts';
import { createLoginWorld, type LoginWorld, type WorldOptions } from '../support/world.ts';

export const auth = 'https://auth.example.com';
export const shop = 'https://shop.example.org';
export const team = 'https://team.example.net';

/** The session cookie of each host. */
export const sessionCookie = '__Host-oidc-authz';

/** Creates the service. */
export function createCentralWorld(options: WorldOptions = {}): LoginWorld {
  const central: Partial<LoginPlace> = { rule: undefined, isOnlyCentral: true, option: 'login.host' };
  return createLoginWorld({
    ...options,
    login: {
      hosts: ['auth.example.com', 'shop.example.org', 'team.example.net'],
      host: 'auth.example.com',
      ...options.login,
    },
    placesByHost: { 'auth.example.com': central, ...options.placesByHost },
  });
}

/** Opens a browser that knows the three hosts. */
export function openAt(world: LoginWorld, more: readonly string[] = []): WanderingBrowser {
  return openWanderingBrowser((origin) => ([auth, shop, team, ...more].includes(origin) ? world : undefined));
}

/** Signs in by a page of a host. @returns where the browser ends */
export async function signInAt(world: LoginWorld, browser: WanderingBrowser, url: string) {
  const atIssuer = await browser.follow(url);
  if (!atIssuer.url.includes('.idp.example.com/authorize'))
    throw new Error(`the browser is at ${atIssuer.url}, not at the issuer`);
  return browser.follow(answerOfIssuer(world));
}

/** The value of a parameter in the last address below a path. */
export function parameterOf(browser: WanderingBrowser, path: string, name: string): string {
  const url = browser.visited.findLast((one) => new URL(one).pathname === path);
  return new URL(url ?? 'https://none').searchParams.get(name) ?? '';
}
