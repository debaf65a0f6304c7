/** A person signs in and out with the browser of the demo. */
import type { Received } from '../tools/workload.ts';
import type { Browser, Visit } from './browser.ts';
import { fetchPlain } from './gateway.ts';

/** The page and the browser of the login. */
export interface LoginOptions {
  readonly browser: Browser;
  /** The port of the gateway. */
  readonly port: number;
  /** The address of the issuer. */
  readonly issuer: string;
  readonly print: (line: string) => void;
}

/** A finding, and whether it is right. */
type Finding = readonly [found: string, isRight: boolean];

interface Step {
  readonly title: string;
  readonly run: () => Promise<readonly Finding[]>;
}

/** The name and the cookie of a session on a host with plain HTTP. */
const [person, sessionCookie] = ['alice', 'oidc-authz'];

/** Signs in and out, and prints the results. @returns the number of unexpected results */
export async function showLogin({ browser, port, issuer, print }: LoginOptions): Promise<number> {
  let failures = 0;
  for (const { title, run } of steps(browser, port, issuer)) {
    print(`  ${title}`);
    for (const [found, isRight] of await run().catch(failed)) {
      print(`    ${isRight ? '✓' : '✗'} ${found}`);
      if (!isRight) failures++;
    }
  }
  return failures;
}

/** A browser that waits too long reports an error of several lines. */
function failed(error: unknown): readonly Finding[] {
  const [line = ''] = String(error).split('\n');
  return [[line, false]];
}

function steps(browser: Browser, port: number, issuer: string): readonly Step[] {
  const origin = `http://localhost:${port}`;
  const page = `${origin}/orders/1`;
  return [
    {
      title: 'a browser opens /orders/1',
      run: async () => {
        const [first, second] = (await browser.open(page)).answers;
        const hasCookie = first?.cookies.some((name) => name.startsWith(`${sessionCookie}-login-`)) === true;
        return [
          [
            `${first?.status} to the issuer, with a cookie for this login`,
            first?.status === 302 && hasCookie && second?.url.origin === issuer,
          ],
        ];
      },
    },
    {
      title: `signs in as ${person} at the issuer`,
      run: async () => {
        const visit = await browser.signIn(person);
        const callback = visit.answers.find(({ url }) => url.pathname === '/.oidc-authz/callback');
        const received = receivedIn(visit);
        return [
          [
            `${callback?.status} back to /orders/1, with a session cookie`,
            callback?.status === 302 && callback.cookies.includes(sessionCookie),
          ],
          ...[
            ['x-auth-request-user', person],
            ['x-auth-request-email', `${person}@example.com`],
          ].map(([name = '', value]): Finding => {
            const found = headerOf(received, name);
            return [`the workload received  ${name}: ${found}`, found === value];
          }),
          [
            'the workload received an access token, and no cookie of the authorizer',
            headerOf(received, 'authorization').startsWith('Bearer ey') &&
              !headerOf(received, 'cookie').includes(sessionCookie),
          ],
        ];
      },
    },
    {
      title: 'opens /orders/1 again',
      run: async () => {
        const { answers } = await browser.open(page);
        const [only] = answers;
        return [[`${only?.status} at once`, only?.status === 200 && answers.length === 1]];
      },
    },
    {
      title: 'a script, without the session',
      run: async () => {
        const options = { port, path: '/orders/1', headers: { host: `localhost:${port}`, accept: '*/*' } };
        const { status, headers } = await fetchPlain(options);
        const start = String(headers['x-oidc-authz-login']);
        return [
          [
            `${status}  x-oidc-authz-login: ${start}`,
            status === 401 && start.startsWith('/.oidc-authz/start?'),
          ],
        ];
      },
    },
    {
      title: 'the browser signs out',
      run: async () => {
        const { answers } = await browser.signOut(`${origin}/.oidc-authz/sign-out`);
        const isAtIssuer = answers.some(({ url }) => url.origin === issuer);
        const last = answers.at(-1);
        const [next] = (await browser.open(page)).answers;
        return [
          [
            'the session ends here and at the issuer',
            isAtIssuer && last?.url.pathname === '/.oidc-authz/signed-out',
          ],
          [`/orders/1 answers ${next?.status}`, next?.status === 302],
        ];
      },
    },
  ];
}

/** The request that the workload received; undefined if the page is not from the workload. */
function receivedIn({ answers, body }: Visit): Received | undefined {
  return answers.at(-1)?.status === 200 && body.startsWith('{') ? (JSON.parse(body) as Received) : undefined;
}

function headerOf(received: Received | undefined, name: string): string {
  return received?.headers.find(([key]) => key === name)?.[1] ?? '';
}
