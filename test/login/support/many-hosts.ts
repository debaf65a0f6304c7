/** A browser that goes from host to host, as redirects and links send it. */
import type { Decision } from '../../../src/model/decision.ts';
import { navigation, openBrowser, type TestBrowser } from './browser.ts';
import type { LoginWorld } from './world.ts';

/** The end of a way. */
export interface Arrival {
  readonly url: string;
  readonly decision: Decision;
}

/** A browser for many hosts. */
export interface WanderingBrowser {
  /** The cookies of a host. */
  readonly at: (origin: string) => TestBrowser;
  /** Makes one request, and keeps its cookies. */
  readonly visit: (
    url: string,
    headers?: Readonly<Record<string, string>>,
    method?: string,
  ) => Promise<Decision>;
  /** Follows redirects until an answer is none, or leads to a host that `isOutside`. Fails after 12. */
  readonly follow: (url: string, headers?: Readonly<Record<string, string>>) => Promise<Arrival>;
  /** Every address that was visited. */
  readonly visited: string[];
}

/** Opens a browser without cookies. @param worldOf the service that answers a host; undefined for a host of others */
export function openWanderingBrowser(worldOf: (origin: string) => LoginWorld | undefined): WanderingBrowser {
  const hosts = new Map<string, TestBrowser>();
  const visited: string[] = [];
  const at = (origin: string) => {
    const { host, protocol } = new URL(origin);
    return hosts.getOrInsertComputed(origin, () =>
      openBrowser(host, protocol === 'http:' ? 'http' : 'https'),
    );
  };
  const visit: WanderingBrowser['visit'] = async (address, headers = navigation, method = 'GET') => {
    visited.push(address);
    const { origin, pathname, search } = new URL(address);
    const world = worldOf(origin);
    if (world === undefined) throw new Error(`no service answers ${origin}`);
    const browser = at(origin);
    const decision = await world.answer(browser.request(pathname + search, headers, method));
    browser.receive(decision);
    return decision;
  };
  return {
    at,
    visit,
    visited,
    follow: async (first, headers = navigation) => {
      let url = first;
      for (let count = 0; count < 12; count++) {
        const decision = await visit(url, headers);
        const location = decision.outcome === 'allow' ? undefined : decision.browser?.location;
        if (location === undefined) return { url, decision };
        const next = new URL(location, url).href;
        if (worldOf(new URL(next).origin) === undefined) return { url: next, decision };
        url = next;
      }
      throw new Error(`too many redirects: ${visited.slice(-12).join('\n')}`);
    },
  };
}

/** The address that an issuer sends the browser to, for the last login that began there. */
export function answerOfIssuer(world: LoginWorld, index = 0): string {
  const { started } = world.clients[index] ?? {};
  if (started === undefined) throw new Error('no login has begun');
  const query = new URLSearchParams({ code: `a-code-${started.state}`, state: started.state });
  return `${started.redirectUri}?${query}`;
}
