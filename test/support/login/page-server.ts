/** The listener of the login with the pages of a test, and a plain web server. */
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { ShownPage } from '../../../src/login/login-pages.ts';
import type { BrowserAnswer } from '../../../src/model/browser-answer.ts';
import type { CheckRequest } from '../../../src/model/check-request.ts';
import { systemClock } from '../../../src/runtime/time/clock.ts';
import { createLoginServer } from '../../../src/transport/login/server.ts';
import { listen } from '../../../src/transport/shared/listen.ts';

/** An answer for a browser, with its status. */
export type Answer = Pick<BrowserAnswer, 'status' | 'location'> & Partial<ShownPage>;

/** Starts the listener. It stops after the test. @returns its origin */
export async function startPages(answer: (request: CheckRequest) => Answer | undefined): Promise<string> {
  const server = await createLoginServer({
    options: { enabled: true, host: '127.0.0.1', port: 0, tls: undefined },
    answer: (request) => {
      const browser = answer(request);
      return (
        browser && {
          outcome: 'deny',
          reason: 'login_failed',
          id: 'k3v9x2m4q7abc',
          browser: { cookies: [], ...browser },
        }
      );
    },
    challenge: () => ({ realm: '', dpop: { origins: [] } as never }),
    clock: systemClock,
    listen,
    onTlsReload: () => {},
    onRejected: () => {},
    onDefect: (error) => {
      throw error;
    },
  });
  const { port } = await server.start();
  onTestFinished(() => server.close(0));
  return `http://127.0.0.1:${port}`;
}

/** Starts a web server of another origin. It stops after the test. @returns its origin */
export async function startSite(
  answer: (
    message: IncomingMessage,
    body: string,
  ) => { readonly status?: number; readonly html: string } & {
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<string> {
  const listener: RequestListener = async (message, response) => {
    const { status = 200, html, headers } = answer(message, await text(message));
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers }).end(html);
  };
  const server = http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}
