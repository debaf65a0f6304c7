/** The web server of the console: its routes, its access and its response headers. */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Logger } from '../../observe/logger.ts';
import { type Html, html } from '../../runtime/html.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { RequestHandler } from '../shared/web-server.ts';
import { assets } from './assets.ts';
import type { ConsoleContent } from './content.ts';
import { type Form, formType, readForm } from './form.ts';
import { createFormProtection, formTokenField, isOwnOrigin } from './form-protection.ts';
import { loginPage, signOutForm } from './login-page.ts';
import { type Page, renderPage } from './page.ts';
import { createRequestLimits } from './request-limits.ts';
import { registerPages } from './routes.ts';
import { createSessions, sessionCookie } from './sessions.ts';

/** The dependencies of the console. */
export interface ConsoleDependencies {
  readonly content: ConsoleContent;
  /** Decides whether a request may use the guarded routes of the admin listener. */
  readonly accessOf: (message: IncomingMessage) => 'granted' | 'denied' | 'ambiguous';
  /** The content of `admin.tokenFile`; undefined without that option. */
  readonly adminToken: () => string | undefined;
  /** How to get access, for a client without access. */
  readonly accessHelp: string;
  readonly isTls: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Maximum size of a form, in bytes. */
const maxBody = 64 * 1024;

const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  // With `no-referrer`, browsers send the forms of the console itself with `Origin: null`.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Paths that need no access, so that a client without access can sign in. They show no data of the service. */
const openPaths = new Set(['/console/login', assets.stylesheet.path, assets.icon.path]);

/**
 * Creates the console.
 *
 * @returns the handler of requests to `/console` and the paths below it
 * @throws EvalError if Node may not compile code (`--disallow-code-generation-from-strings`)
 */
export async function createConsole(dependencies: ConsoleDependencies): Promise<RequestHandler> {
  const { accessOf, adminToken, accessHelp, isTls, clock, logger } = dependencies;
  const sessions = createSessions(adminToken, clock);
  const cookie = sessionCookie(isTls);
  const forms = createFormProtection();
  const limits = createRequestLimits(clock);
  // Separate, so that a client without access does not use up the requests of operators.
  const openLimits = createRequestLimits(clock);

  const app = fastify({
    bodyLimit: maxBody,
    routerOptions: { ignoreTrailingSlash: true },
    frameworkErrors: (_, __, reply: FastifyReply) => {
      reply
        .code(400)
        .headers(securityHeaders)
        .type('text/plain; charset=utf-8')
        .send('the address of the page is invalid\n');
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(formType, { parseAs: 'string' }, async (_: FastifyRequest, body: string) =>
    readForm(body),
  );

  const sessionOf = ({ headers }: FastifyRequest): string => {
    const id = cookie.read(headers.cookie);
    return id !== undefined && sessions.isValid(id) ? id : '';
  };
  const formToken = (request: FastifyRequest): Html => forms.field(sessionOf(request));
  const show = (request: FastifyRequest, reply: FastifyReply, page: Page, status = 200) => {
    const signOut = sessionOf(request) === '' ? undefined : signOutForm(formToken(request));
    return reply
      .code(status)
      .type('text/html; charset=utf-8')
      .send(renderPage({ ...page, signOut }));
  };
  const showMessage = (
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    title: string,
    text: string,
  ) => show(request, reply, { title, content: html`<p>${text}</p>` }, status);
  const pathOf = ({ url }: FastifyRequest) => (url.split('?', 1)[0] ?? '').replace(/\/$/, '');
  const denyAccess = (request: FastifyRequest, reply: FastifyReply) => {
    if (adminToken() !== undefined && request.method === 'GET') return reply.redirect('/console/login', 303);
    return reply.code(403).type('text/plain; charset=utf-8').send(`${accessHelp}\n`);
  };

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders);
    const access = accessOf(request.raw);
    if (access === 'ambiguous')
      return reply
        .code(400)
        .type('text/plain; charset=utf-8')
        .send('the request has more than one host or authorization header; send one\n');
    const isOpen = adminToken() !== undefined && openPaths.has(pathOf(request));
    const hasAccess = access === 'granted' || sessionOf(request) !== '';
    if (!hasAccess && !isOpen) return denyAccess(request, reply);
    const { begin, end } = hasAccess ? limits : openLimits;
    const rejection = begin();
    if (rejection === undefined) {
      reply.raw.once('close', end);
      return;
    }
    return reply
      .code(rejection)
      .header('retry-after', '1')
      .type('text/plain; charset=utf-8')
      .send('the console gets too many requests; try again in a second\n');
  });

  app.addHook('preHandler', async (request, reply) => {
    if (request.method !== 'POST') return;
    const { origin, host, authorization } = request.headers;
    const isOwn = isOwnOrigin({
      origin,
      host,
      isTls: isTlsSocket(request.raw),
      hasAuthorization: authorization !== undefined,
    });
    const value = formOf(request)(formTokenField);
    if (isOwn && forms.isOwn(sessionOf(request), value)) return;
    return showMessage(
      request,
      reply,
      403,
      'The form was not accepted',
      'The form is not from a current page of this console. Open the page again, then send the form again.',
    );
  });

  app.setNotFoundHandler((request, reply) =>
    showMessage(request, reply, 404, 'Page not found', 'The console does not have this page.'),
  );
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const { statusCode = 500 } = error;
    if (statusCode >= 500) logger.error({ error }, 'a page of the console failed');
    const text = errorTexts[statusCode] ?? 'The page cannot be shown. The log has the cause.';
    return showMessage(request, reply, statusCode, 'Error', text);
  });

  for (const { path, type, body } of Object.values(assets))
    app.get(path, (_, reply) =>
      reply.header('cache-control', 'private, max-age=86400, immutable').type(type).send(body),
    );
  app.get('/console/login', (request, reply) =>
    adminToken() === undefined
      ? reply.callNotFound()
      : show(request, reply, { title: 'Sign in', content: loginPage(formToken(request)) }),
  );
  app.post('/console/login', (request, reply) => {
    const tryAgain = (status: number, problem: string) =>
      show(request, reply, { title: 'Sign in', content: loginPage(formToken(request), problem) }, status);
    if (!limits.maySignIn())
      return tryAgain(429, 'Too many attempts failed. Wait 10 seconds, then try again.');
    const address = request.raw.socket.remoteAddress;
    if (!sessions.isToken(formOf(request)('token').trim())) {
      logger.warn({ address }, 'a sign-in to the console failed');
      return tryAgain(403, 'The token is not the content of admin.tokenFile.');
    }
    limits.signedIn();
    logger.info({ address }, 'an operator signed in to the console');
    return reply.header('set-cookie', cookie.set(sessions.begin())).redirect('/console', 303);
  });
  app.post('/console/logout', (request, reply) => {
    sessions.end(sessionOf(request));
    return reply.header('set-cookie', cookie.clear).redirect('/console/login', 303);
  });
  registerPages(app, dependencies, { show, formToken, formOf });

  await app.ready();
  return (message, response) => app.routing(message, response);
}

const errorTexts: Readonly<Record<number, string>> = {
  400: 'The request is not valid.',
  413: 'The form is larger than 64 KiB.',
  415: 'The console accepts only forms (application/x-www-form-urlencoded).',
};

function formOf({ body }: FastifyRequest): Form {
  return typeof body === 'function' ? (body as Form) : () => '';
}

function isTlsSocket({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket;
}
