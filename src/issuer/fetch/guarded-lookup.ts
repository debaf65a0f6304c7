/** Where a fetch may lead: what a document may name, and which addresses a name may have. */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { reachOf } from '../../config/values/addresses.ts';
import { isLoopback } from '../../config/values/urls.ts';

/** Finds every address of a name, as `dns.lookup` does with `all`. */
export type Resolve = (
  hostname: string,
  options: LookupOptions,
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

/** What is fetched, and what allows it. */
export interface Destination {
  readonly url: URL;
  /** The URL of the document that named it; undefined where the configuration did. */
  readonly from: string | undefined;
  /** Whether http:// may be used for another host than this machine. */
  readonly insecureHttp: boolean;
}

/** Asks the resolver of the system. */
export const resolveBySystem: Resolve = (hostname, options, callback) =>
  lookup(hostname, { ...options, all: true }, callback);

/**
 * Says why a document may not name a URL; undefined if it may. What the configuration names itself is not held to this.
 *
 * @param text a URL that can be fetched from
 * @param from the URL of the document
 * @param issuer whose document it is
 */
export function ledProblem(text: string, from: string, issuer: string): string | undefined {
  const [url, document] = [new URL(text), new URL(from)];
  if (url.protocol === 'http:') {
    const isSecure = document.protocol === 'https:' || URL.parse(issuer)?.protocol === 'https:';
    // The operator has this very server asked in plain already.
    if (isSecure && url.origin !== document.origin)
      return 'an issuer on https:// never leads to http://; name it in `jwksUri` if it is meant';
  }
  return isLoopback(url) && !mayLeadToLoopback(url, document)
    ? 'a document of another machine never leads to this one; name it in `jwksUri` if it is meant'
    : undefined;
}

/** Whether the configuration already has this machine asked, or that very host. */
function mayLeadToLoopback(url: URL, document: URL): boolean {
  return document.hostname === url.hostname || isLoopback(document);
}

/**
 * Makes the name lookup of one fetch. The addresses that it gives are those that are connected to, so no second answer
 * of a name server leads elsewhere. All of a name's addresses must be good: which of them is used is not known here.
 * Behind a proxy it is not asked: there the proxy looks names up.
 */
export function guardedLookup(resolve: Resolve, destination: Destination): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, options, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      for (const { address } of addresses) {
        const refused = refusal(address, destination);
        if (refused !== undefined)
          return callback(new Error(`${hostname} has ${refused}, ${address}`), '', 0);
      }
      const [first] = addresses;
      if (first === undefined) return callback(new Error(`${hostname} has no address`), '', 0);
      return options.all === true
        ? callback(null, [...addresses])
        : callback(null, first.address, first.family);
    });
  };
}

/** Says what an address is that the host of a URL must not have; undefined if it may. */
function refusal(address: string, { url, from, insecureHttp }: Destination): string | undefined {
  const reach = reachOf(address);
  if (reach === 'loopback') {
    const isAllowed = from === undefined || mayLeadToLoopback(url, new URL(from));
    return isAllowed ? undefined : 'a loopback address';
  }
  if (reach !== 'open') return reach;
  // It may be asked in plain only because its name is one of this machine.
  return url.protocol === 'http:' && !insecureHttp ? 'an address of another machine' : undefined;
}
