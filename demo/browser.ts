/** The browser of the demo: Chromium, or a client that keeps cookies. */
import type { IncomingHttpHeaders } from 'node:http';
import { findChromium } from '../tools/chromium.ts';
import { fetchPlain } from './gateway.ts';

/** A page that was opened, after all redirects. */
export interface Visit {
  /** Each answer on the way to the page, and that of the page. */
  readonly answers: readonly Answer[];
  /** The text of the page. */
  readonly body: string;
}

/** An answer to a navigation. */
export interface Answer {
  readonly url: URL;
  readonly status: number;
  /** The names of the cookies that it sets. */
  readonly cookies: readonly string[];
}

/** A browser. */
export interface Browser {
  /** A description of the program. */
  readonly name: string;
  readonly open: (url: string) => Promise<Visit>;
  /** Signs in with the form of the page that is open. */
  readonly signIn: (name: string) => Promise<Visit>;
  /** Opens an address, and sends the form of the page that it leads to. */
  readonly signOut: (url: string) => Promise<Visit>;
  readonly close: () => Promise<void>;
}

/** How long Chromium waits for a page, in milliseconds. */
const maxWait = 10_000;

/** Starts Chromium, or a client in its place. */
export async function startBrowser(): Promise<Browser> {
  const chromium = await findChromium();
  if ('path' in chromium) {
    const started = await startChromium(chromium.path).catch(() => undefined);
    if (started !== undefined) return started;
  }
  return createClient();
}

async function startChromium(path: string): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: path,
    args: ['--no-sandbox'],
    // The demo stops it.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  const page = await browser.newPage();
  page.setDefaultTimeout(maxWait);
  /** Collects the answers to the navigations that an action causes, until a page is open. */
  const watch = async (act: () => Promise<unknown>): Promise<Visit> => {
    const answers: Promise<Answer>[] = [];
    const see = (response: Awaited<ReturnType<typeof page.goto>>) => {
      if (response === null || !response.request().isNavigationRequest()) return;
      answers.push(
        response.headersArray().then((headers) => ({
          url: new URL(response.url()),
          status: response.status(),
          cookies: headers
            .filter(({ name }) => name.toLowerCase() === 'set-cookie')
            .flatMap(({ value }) => value.split('\n').map(nameOfCookie)),
        })),
      );
    };
    page.on('response', see);
    try {
      await act();
      return { answers: await Promise.all(answers), body: await page.locator('body').innerText() };
    } finally {
      page.off('response', see);
    }
  };
  return {
    name: path,
    open: (url) => watch(() => page.goto(url)),
    signIn: (name) =>
      watch(async () => {
        const from = new URL(page.url()).host;
        await page.fill('input[name=name]', name);
        await page.click('button');
        await page.waitForURL(({ host }) => host !== from);
      }),
    signOut: (url) =>
      watch(async () => {
        const { host } = new URL(url);
        await page.goto(url);
        await page.waitForURL((now) => now.host === host);
      }),
    close: () => browser.close(),
  };
}

/** The headers of a browser that opens a page. */
const navigation = {
  accept: 'text/html',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'none',
};

/** Creates a client. It keeps cookies by host, follows redirects and sends forms. */
export function createClient(): Browser {
  const jars = new Map<string, Map<string, string>>();
  let last: { readonly url: URL; readonly body: string } | undefined;

  const ask = async (url: URL, form?: URLSearchParams) => {
    const jar = jars.getOrInsertComputed(url.hostname, () => new Map<string, string>());
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetchPlain({
      port: Number(url.port),
      path: url.pathname + url.search,
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        ...navigation,
        host: url.host,
        ...(cookie !== '' && { cookie }),
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: form?.toString(),
    });
    for (const line of cookiesOf(answer.headers)) keep(jar, line);
    return answer;
  };
  const visit = async (start: URL, form?: URLSearchParams): Promise<Visit> => {
    const answers: Answer[] = [];
    let [url, body] = [start, form];
    for (let hops = 0; hops < 20; hops++) {
      const answer = await ask(url, body);
      answers.push({ url, status: answer.status, cookies: cookiesOf(answer.headers).map(nameOfCookie) });
      last = { url, body: answer.body };
      if (answer.headers.location === undefined) break;
      [url, body] = [new URL(answer.headers.location, url), undefined];
    }
    return { answers, body: last?.body ?? '' };
  };
  /** Sends the form of the page that is open. */
  const submit = (values: Readonly<Record<string, string>>): Promise<Visit> => {
    if (last === undefined) throw new Error('no page is open');
    const { url, body } = last;
    const action = /<form[^>]* action="([^"]*)"/.exec(body)?.[1] ?? '';
    const hidden = [...body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
    const fields = hidden.map(([, name = '', value = '']) => [name, value] as [string, string]);
    return visit(
      new URL(action, url),
      new URLSearchParams([...fields.filter(([name]) => name !== 'logout'), ...Object.entries(values)]),
    );
  };
  return {
    name: 'none; a client that keeps cookies takes its place',
    open: (url) => visit(new URL(url)),
    signIn: (name) => submit({ name }),
    signOut: async (url) => {
      const before = await visit(new URL(url));
      const after = await submit({ logout: 'yes' });
      return { ...after, answers: [...before.answers, ...after.answers] };
    },
    close: async () => {},
  };
}

const cookiesOf = (headers: IncomingHttpHeaders) => headers['set-cookie'] ?? [];

function nameOfCookie(line: string): string {
  return line.slice(0, line.indexOf('='));
}

/** Keeps a cookie, or deletes it if it has expired. */
function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const end = pair.indexOf('=');
  const expires = attributes.find((attribute) => /^expires=/i.test(attribute))?.slice('expires='.length);
  const isExpired =
    attributes.some((attribute) => /^max-age=0$/i.test(attribute)) ||
    (expires !== undefined && Date.parse(expires) <= Date.now());
  if (isExpired) jar.delete(pair.slice(0, end));
  else jar.set(pair.slice(0, end), pair.slice(end + 1));
}
