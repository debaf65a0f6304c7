/** Signs many people in at the processes of a fleet, in the way of a browser. */
import http from 'node:http';
import type { SessionIssuer } from './issuer.ts';

/** The host of the workload. */
export const host = 'orders.example.com';

/** Logins that run at the same time at each process. */
const concurrent = 8;

/** A person tries again so often. On a busy machine, an answer of the store or of the issuer can be too late. */
const tries = 5;

/** Signs people in. Each port gets its share. @returns the `cookie` headers */
export async function signInMany(
  issuer: SessionIssuer,
  ports: readonly number[],
  subjects: readonly string[],
): Promise<readonly string[]> {
  const cookies: string[] = [];
  const agent = new http.Agent({ keepAlive: true });
  let next = 0;
  const work = async (port: number) => {
    for (let index = next++; index < subjects.length; index = next++)
      cookies[index] = await trySignIn(issuer, port, subjects[index] ?? '', agent);
  };
  await Promise.all(ports.flatMap((port) => Array.from({ length: concurrent }, () => work(port))));
  agent.destroy();
  return cookies;
}

async function trySignIn(...login: Parameters<typeof signIn>): Promise<string> {
  for (let attempt = 1; ; attempt++)
    try {
      return await signIn(...login);
    } catch (error) {
      if (attempt === tries) throw error;
    }
}

async function signIn(
  issuer: SessionIssuer,
  port: number,
  subject: string,
  agent: http.Agent,
): Promise<string> {
  const begun = await open(port, '/orders/1', '', agent);
  const authorization = new URL(begun.location);
  const code = issuer.codeFor(authorization, subject);
  const state = authorization.searchParams.get('state') ?? '';
  const callback = `/.oidc-authz/callback?${new URLSearchParams({ code, state })}`;
  const done = await open(port, callback, begun.cookies.join('; '), agent);
  const session = done.cookies.find((cookie) => cookie.startsWith('__Host-oidc-authz='));
  if (session === undefined) throw new Error(`${subject} is not signed in: ${done.status} ${done.location}`);
  return session;
}

interface Opened {
  readonly status: number;
  readonly location: string;
  readonly cookies: readonly string[];
}

function open(port: number, path: string, cookie: string, agent: http.Agent): Promise<Opened> {
  const headers = {
    host,
    accept: 'text/html',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    ...(cookie !== '' && { cookie }),
  };
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path, agent, headers }, (answer) => {
        answer.resume();
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            location: answer.headers.location ?? '',
            cookies: (answer.headers['set-cookie'] ?? []).map((line) => line.slice(0, line.indexOf(';'))),
          }),
        );
      })
      .on('error', reject);
  });
}
