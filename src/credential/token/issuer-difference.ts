/** Finds the configured issuer that an unknown `iss` probably means, and how the two differ. */
import { shown } from '../../config/values/detail-text.ts';

/** Parts of an issuer that are often written differently, and a text without the part. */
const differences: readonly (readonly [name: string, normalize: (text: string) => string])[] = [
  ['white space at an end', (text) => text.trim()],
  ['upper and lower case', (text) => text.toLowerCase()],
  ['http:// and https://', (text) => text.replace(/^https?:\/\//i, '')],
  ['a port', (text) => text.replace(/^((?:[a-z]+:\/\/)?[^/:]+):\d+/i, '$1')],
  ['a final slash', withoutFinalSlash],
];

/** The longest `iss` that is compared, in characters. Any client can send one, and the comparison parses it as a URL. */
const maxCompared = 256;

/** Describes how an `iss` differs from the nearest configured issuer. Undefined if none is near. */
export type IssuerDifference = (iss: string) => { readonly index: number; readonly text: string } | undefined;

/** Creates the function. The configured issuers are normalized once, because any client can send an unknown `iss`. */
export function createIssuerDifference(configured: readonly string[]): IssuerDifference {
  const indexOf = (nameOf: (issuer: string) => string | undefined) =>
    new Map(configured.map((issuer, index) => [nameOf(issuer), index] as const).reverse());
  const byForm = indexOf((issuer) => normalized(issuer));
  const byHost = indexOf(hostOf);
  return (iss) => {
    if (iss.length > maxCompared) return undefined;
    const index = byForm.get(normalized(iss));
    const issuer = index === undefined ? undefined : configured[index];
    if (index !== undefined && issuer !== undefined) {
      const names = differences
        .filter(([name]) => normalized(issuer, name) !== normalized(iss, name))
        .map(([name]) => name);
      return {
        index,
        text: `iss ${shown(iss)} differs from ${shown(issuer)} only by ${names.join(' and ')}`,
      };
    }
    const host = hostOf(iss);
    const sameHost = host === undefined ? undefined : byHost.get(host);
    if (sameHost === undefined) return undefined;
    const other = shown(configured[sameHost] ?? '');
    return {
      index: sameHost,
      text: `iss ${shown(iss)} is not a configured issuer; ${other} has the same host, but another path`,
    };
  };
}

/** A text without all parts that are often written differently, except one. */
function normalized(text: string, except?: string): string {
  return differences.reduce(
    (result, [name, normalize]) => (name === except ? result : normalize(result)),
    text,
  );
}

/** Without the slashes at the end, or before white space at the end. A regular expression would take quadratic time. */
function withoutFinalSlash(text: string): string {
  const trimmed = text.trimEnd();
  let end = trimmed.length;
  while (trimmed[end - 1] === '/') end--;
  return trimmed.slice(0, end) + text.slice(trimmed.length);
}

function hostOf(text: string): string | undefined {
  return URL.parse(text)?.host || undefined;
}
