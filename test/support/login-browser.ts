/** A scripted browser for logins: it keeps cookies for each host, follows redirects and submits forms. It runs no script. */
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';

/** A page that the browser shows. */
export interface Page {
  /** The address, after all redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** A request of the browser. */
export interface BrowserRequest {
  readonly method?: 'GET' | 'POST';
  /** Replaces headers of a navigation; undefined removes one. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly form?: Readonly<Record<string, string>>;
}

/** A browser. */
export interface LoginBrowser {
  /** Makes one request and stores its cookies. Follows no redirect. */
  readonly request: (url: string | URL, request?: BrowserRequest) => Promise<Page>;
  /** Opens a page: follows redirects, at most 20, until `stopAt` matches the next address. */
  readonly open: (url: string | URL, stopAt?: (url: URL) => boolean) => Promise<Page>;
  /** Submits the first form of a page with these fields besides its hidden ones, and follows redirects. */
  readonly submit: (
    page: Page,
    fields?: Readonly<Record<string, string>>,
    stopAt?: (url: URL) => boolean,
  ) => Promise<Page>;
  /** The cookies for a host, by name. */
  readonly cookies: (host: string) => Map<string, string>;
}

/** How the browser reaches servers. */
export interface BrowserOptions {
  /** Maps `host:port` of an address to the port of this machine that serves it; the address itself by default. */
  readonly portOf?: (host: string) => number | undefined;
  /** The certificates of TLS servers, in PEM. */
  readonly ca?: string;
}

/** The headers of a browser when a person opens a page. */
const navigation = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'none',
  'sec-fetch-user': '?1',
  'upgrade-insecure-requests': '1',
};

/** Creates a browser without cookies. */
export function createLoginBrowser({ portOf = () => undefined, ca }: BrowserOptions = {}): LoginBrowser {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (host: string) => jars.getOrInsertComputed(host, () => new Map());

  const request = async (address: string | URL, { method, headers, form }: BrowserRequest = {}) => {
    const url = new URL(address);
    const jar = jarOf(url.hostname);
    const body = form === undefined ? undefined : new URLSearchParams(form).toString();
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const sent = {
      host: url.host,
      ...navigation,
      ...(cookie !== '' && { cookie }),
      ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      ...headers,
    };
    const page = await exchange(url, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: Object.fromEntries(
        Object.entries(sent).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
      body,
      port: portOf(url.host),
      ca,
    });
    for (const line of page.headers['set-cookie'] ?? []) store(jar, line);
    return page;
  };
  const follow = async (page: Page, stopAt: (url: URL) => boolean): Promise<Page> => {
    let current = page;
    for (let redirects = 0; redirects < 20; redirects++) {
      const { location } = current.headers;
      if (current.status < 300 || current.status > 399 || location === undefined) return current;
      const next = new URL(location, current.url);
      if (stopAt(next)) return current;
      current = await request(next);
    }
    throw new Error(`more than 20 redirects, the last one from ${current.url.origin}${current.url.pathname}`);
  };
  const never = () => false;
  return {
    request,
    open: async (url, stopAt = never) => follow(await request(url), stopAt),
    submit: async (page, fields = {}, stopAt = never) => {
      const { action, hidden } = firstForm(page);
      return follow(await request(action, { form: { ...hidden, ...fields } }), stopAt);
    },
    cookies: jarOf,
  };
}

function store(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';');
  const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(pair.trim()) ?? [];
  const isDeleted = attributes.some((one) => {
    const [, key = '', text = ''] = /^\s*([^=]*)=?(.*)$/.exec(one) ?? [];
    if (key.toLowerCase() === 'max-age') return Number(text) <= 0;
    return key.toLowerCase() === 'expires' && Date.parse(text) < Date.now();
  });
  if (isDeleted) jar.delete(name);
  else jar.set(name, value);
}

/** Finds the first form of a page, as far as the pages of issuers need it. */
function firstForm({ body, url }: Page): { readonly action: URL; readonly hidden: Record<string, string> } {
  const [form] = /<form[\s\S]*?<\/form>/i.exec(body) ?? [];
  if (form === undefined)
    throw new Error(`the page ${url.origin}${url.pathname} has no form: ${body.slice(0, 300)}`);
  const action = attribute(/<form[^>]*>/i.exec(form)?.[0] ?? '', 'action') ?? url.href;
  const inputs = [...form.matchAll(/<(?:input|button)[^>]*>/gi)].map(([tag]) => tag);
  const hidden = inputs.flatMap((tag) => {
    const name = attribute(tag, 'name');
    const isHidden = attribute(tag, 'type')?.toLowerCase() === 'hidden';
    return name === undefined || !isHidden ? [] : [[name, attribute(tag, 'value') ?? '']];
  });
  return { action: new URL(action, url), hidden: Object.fromEntries(hidden) };
}

function attribute(tag: string, name: string): string | undefined {
  const [, value] = new RegExp(`\\s${name}\\s*=\\s*"([^"]*)"`, 'i').exec(tag) ?? [];
  return value
    ?.replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function exchange(
  url: URL,
  {
    method,
    headers,
    body,
    port,
    ca,
  }: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | undefined;
    readonly port: number | undefined;
    readonly ca: string | undefined;
  },
): Promise<Page> {
  const isTls = url.protocol === 'https:';
  const options: https.RequestOptions = {
    method,
    headers,
    path: url.pathname + url.search,
    host: port === undefined ? url.hostname : '127.0.0.1',
    port: port ?? (url.port === '' ? (isTls ? 443 : 80) : Number(url.port)),
    agent: false,
    ...(isTls && { ca, ...(isIP(url.hostname) === 0 && { servername: url.hostname }) }),
  };
  return new Promise((resolve, reject) => {
    const request = (isTls ? https : http).request(options, async (response) => {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
        resolve({
          url,
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        });
      } catch (error) {
        reject(error);
      }
    });
    request.once('error', reject);
    request.end(body);
  });
}
