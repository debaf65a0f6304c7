/** A browser without a window: it keeps cookies, follows redirects and sends forms. It knows no attributes of cookies. */
import http, { type IncomingHttpHeaders } from 'node:http';

/** An answer. */
export interface ScriptedAnswer {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A browser. */
export interface ScriptedBrowser {
  /** Opens an address and follows at most 20 redirects. */
  readonly open: (url: string) => Promise<ScriptedAnswer>;
  /** Sends the form of a page with values. */
  readonly submit: (
    page: ScriptedAnswer,
    values: Readonly<Record<string, string>>,
  ) => Promise<ScriptedAnswer>;
  /** The `cookie` header for an origin. */
  readonly cookiesOf: (origin: string) => string;
}

/** Creates a browser without cookies. @param portOf the local port of an origin; undefined for the one in its URL */
export function createScriptedBrowser(portOf: (origin: string) => number | undefined): ScriptedBrowser {
  const jars = new Map<string, Map<string, string>>();
  const cookiesOf = (origin: string) =>
    [...(jars.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');

  const keep = (origin: string, lines: readonly string[]) => {
    const jar = jars.getOrInsertComputed(origin, () => new Map());
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /max-age=0/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
  };

  const send = async (url: URL, form?: URLSearchParams): Promise<ScriptedAnswer> => {
    const cookie = cookiesOf(url.origin);
    const headers = {
      host: url.host,
      accept: 'text/html',
      ...(cookie !== '' && { cookie }),
      ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
    };
    const { promise, resolve, reject } = Promise.withResolvers<ScriptedAnswer>();
    const request = http.request(
      {
        host: '127.0.0.1',
        port: portOf(url.origin) ?? url.port,
        method: form === undefined ? 'GET' : 'POST',
        path: `${url.pathname}${url.search}`,
        headers,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          keep(url.origin, answer.headers['set-cookie'] ?? []);
          const body = Buffer.concat(chunks).toString();
          resolve({ url, status: answer.statusCode ?? 0, headers: answer.headers, body });
        });
      },
    );
    request.on('error', reject);
    request.end(form?.toString());
    return promise;
  };

  const follow = async (first: ScriptedAnswer): Promise<ScriptedAnswer> => {
    let answer = first;
    for (let redirects = 0; answer.headers.location !== undefined; redirects++) {
      if (redirects === 20) throw new Error(`too many redirects, the last one to ${answer.headers.location}`);
      answer = await send(new URL(answer.headers.location, answer.url));
    }
    return answer;
  };

  return {
    open: async (url) => follow(await send(new URL(url))),
    submit: async (page, values) => {
      const action = /<form[^>]*action="([^"]*)"/.exec(page.body)?.[1]?.replaceAll('&amp;', '&') ?? '';
      const hidden = [...page.body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
      const form = new URLSearchParams(hidden.map(([, name = '', value = '']) => [name, value]));
      for (const [name, value] of Object.entries(values)) form.set(name, value);
      return follow(await send(new URL(action, page.url), form));
    },
    cookiesOf,
  };
}
