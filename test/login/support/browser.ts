/** A browser for one person, with the rules for cookies of RFC 6265bis: prefixes, attributes, deletion, and the order of sending. */
import type { CheckRequest } from '../../../src/model/check-request.ts';
import type { Decision } from '../../../src/model/decision.ts';
import { checkRequest } from '../../support/requests.ts';

interface StoredCookie {
  readonly value: string;
  readonly secure: boolean;
}

/** The headers of a click on a link of the same site. */
export const navigation: Readonly<Record<string, string>> = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-user': '?1',
};

/** A browser. */
export interface TestBrowser {
  readonly cookies: Map<string, StoredCookie>;
  /** Makes a request. Header values of `undefined` are left out. */
  readonly request: (
    path: string,
    headers?: Readonly<Record<string, string | undefined>>,
    method?: string,
  ) => CheckRequest;
  /** Stores the cookies of an answer. */
  readonly receive: (decision: Decision) => void;
  /** Stores values of `set-cookie`, or ignores those that a browser ignores. */
  readonly set: (lines: readonly string[]) => void;
}

/** Opens a browser without cookies at a host. */
export function openBrowser(host = 'shop.example.com', scheme: 'https' | 'http' = 'https'): TestBrowser {
  const cookies = new Map<string, StoredCookie>();
  const set = (lines: readonly string[]) => {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const has = (attribute: string) => attributes.includes(attribute);
      const secure = has('Secure');
      const domain = attributes.find((one) => one.startsWith('Domain='));
      const isIgnored =
        (secure && scheme !== 'https') ||
        Buffer.byteLength(pair) > 4_096 ||
        (name.startsWith('__Host-') && !(secure && has('Path=/') && domain === undefined)) ||
        (name.startsWith('__Secure-') && !secure) ||
        (has('SameSite=None') && !secure);
      if (isIgnored) continue;
      if (has('Max-Age=0')) cookies.delete(name);
      else cookies.set(name, { value, secure });
    }
  };
  return {
    cookies,
    set,
    request: (path, headers = navigation, method = 'GET') => {
      const cookie = [...cookies].map(([name, { value }]) => `${name}=${value}`).join('; ');
      const sent = Object.entries(headers).filter((header) => header[1] !== undefined) as [string, string][];
      return requestOf({
        method,
        host,
        path,
        headers: { ...Object.fromEntries(sent), ...(cookie !== '' && { cookie }) },
      });
    },
    receive: (decision) => {
      if (decision.outcome === 'allow') set(decision.cookies?.set ?? []);
      else set(decision.browser?.cookies ?? []);
    },
  };
}

/** A request with single headers; a list is a header with several lines. */
export function requestOf({
  headers = {},
  ...rest
}: Partial<CheckRequest> & {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}): CheckRequest {
  return checkRequest({
    host: 'shop.example.com',
    ...rest,
    header: (name) => {
      const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
      return value === undefined ? [] : typeof value === 'string' ? [value] : value;
    },
  });
}
