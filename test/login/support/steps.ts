/** The steps of a login in a test. */
import type { Decision } from '../../../src/model/decision.ts';
import { navigation, type TestBrowser } from './browser.ts';
import type { LoginWorld } from './world.ts';

/** The headers of a navigation that another site begins, as the return from an issuer. */
export const fromIssuer = { ...navigation, 'sec-fetch-site': 'cross-site' };

/** The answer for the browser; fails for an allow and for one without an answer. */
export function browserOf(decision: Decision) {
  if (decision.outcome === 'allow' || decision.browser === undefined)
    throw new Error(`${decision.reason} has no answer for a browser`);
  return decision.browser;
}

/** The text of a page. */
export function pageOf(decision: Decision): string {
  return browserOf(decision).page?.body('decision-id') ?? '';
}

/** The value of a header of the answer. */
export function headerOf(decision: Decision, name: string): string | undefined {
  return browserOf(decision).headers?.find((header) => header[0] === name)?.[1];
}

/** Opens a page without a session. Returns the callback that the issuer sends the browser to. */
export async function beginLogin(
  world: LoginWorld,
  browser: TestBrowser,
  path = '/orders',
  index = 0,
): Promise<string> {
  const decision = await world.answer(browser.request(path));
  browser.receive(decision);
  return callbackOf(world, index);
}

/** The callback of the last login that began at an issuer. */
export function callbackOf(world: LoginWorld, index = 0, code = 'a-code'): string {
  const { started } = world.clients[index] ?? {};
  if (started === undefined) throw new Error('no login has begun');
  const uri = new URL(started.redirectUri);
  return `${uri.pathname}?${new URLSearchParams({ code: `${code}-${started.state}`, state: started.state })}`;
}

/** Follows a callback. */
export async function follow(world: LoginWorld, browser: TestBrowser, path: string): Promise<Decision> {
  const decision = await world.answer(browser.request(path, fromIssuer));
  browser.receive(decision);
  return decision;
}

/** Signs a person in. */
export async function signIn(world: LoginWorld, browser: TestBrowser, path = '/orders'): Promise<Decision> {
  return follow(world, browser, await beginLogin(world, browser, path));
}

/** The calls that reach an issuer. */
export function issuerCalls(world: LoginWorld): readonly string[] {
  return world.clients.flatMap(({ calls }) => calls.map(({ name }) => name));
}
