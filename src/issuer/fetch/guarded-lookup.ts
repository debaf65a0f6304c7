/** Which addresses a fetch may connect to, and which URLs a document may name. */
import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { reachOf } from '../../config/values/addresses.ts';
import { isLoopback } from '../../config/values/urls.ts';

/** Resolves a name to all of its addresses, like `dns.lookup` with `all`. */
export type Resolve = (
  hostname: string,
  options: LookupOptions,
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

/** The destination of a fetch. */
export interface Destination {
  readonly url: URL;
  /** The URL of the document that named it; undefined if the configuration names it. */
  readonly from: string | undefined;
  /** Whether http:// is allowed for other hosts than this machine. */
  readonly insecureHttp: boolean;
}

/** Resolves with the resolver of the system. */
export const resolveBySystem: Resolve = (hostname, options, callback) =>
  lookup(hostname, { ...options, all: true }, callback);

/**
 * Says why a document must not name a URL; undefined if it may. URLs in the configuration have no such limit.
 *
 * @param text a valid URL
 * @param from the URL of the document
 * @param issuer the issuer of the document
 * @param option the option that can name the URL instead
 */
export function namedUrlProblem(
  text: string,
  from: string,
  issuer: string,
  option = 'jwksUri',
): string | undefined {
  const [url, document] = [new URL(text), new URL(from)];
  if (url.protocol === 'http:') {
    const isSecure = document.protocol === 'https:' || URL.parse(issuer)?.protocol === 'https:';
    // The configuration already allows plain HTTP to this server.
    if (isSecure && url.origin !== document.origin)
      return `an https:// issuer must not name an http:// address; set \`${option}\` to it if it is intended`;
  }
  return isLoopback(url) && !mayUseLoopback(url, document)
    ? `a document of another machine must not name an address of this machine; set \`${option}\` to it if it is intended`
    : undefined;
}

/** Whether the document itself comes from this machine, or from the same host. */
function mayUseLoopback(url: URL, document: URL): boolean {
  return document.hostname === url.hostname || isLoopback(document);
}

/**
 * Creates the name lookup of one fetch. It fails unless all addresses of the name are allowed. The fetch connects to
 * these addresses, so a second DNS response cannot change the target. With a proxy, the proxy resolves names instead.
 */
export function guardedLookup(resolve: Resolve, destination: Destination): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, options, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      for (const { address } of addresses) {
        const kind = forbiddenKind(address, destination);
        if (kind !== undefined)
          return callback(
            new Error(`${hostname} resolves to ${kind}, ${address}, which must not be fetched from`),
            '',
            0,
          );
      }
      const [first] = addresses;
      if (first === undefined) return callback(new Error(`${hostname} has no address`), '', 0);
      return options.all === true
        ? callback(null, [...addresses])
        : callback(null, first.address, first.family);
    });
  };
}

/** Names the kind of an address that must not be connected to; undefined if it may. */
function forbiddenKind(address: string, { url, from, insecureHttp }: Destination): string | undefined {
  const reach = reachOf(address);
  if (reach === 'loopback') {
    const isAllowed = from === undefined || mayUseLoopback(url, new URL(from));
    return isAllowed ? undefined : 'a loopback address';
  }
  if (reach !== 'open') return reach;
  // Plain HTTP without `insecureHttp` is allowed only because the name is one of this machine.
  return url.protocol === 'http:' && !insecureHttp ? 'an address of another machine' : undefined;
}
