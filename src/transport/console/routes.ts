/** The routes of the pages. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../../observe/logger.ts';
import type { Html } from '../../runtime/html.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { checksPage } from './checks-page.ts';
import type { ConsoleContent } from './content.ts';
import { denialPage, denialsPage, unknownDenialPage } from './denials-page.ts';
import { type AskedRequest, explainPage, readQuestion } from './explain-page.ts';
import type { Form } from './form.ts';
import { fetchResultPage, issuersPage } from './issuers-page.ts';
import type { Page } from './page.ts';
import { reasonsPage } from './reasons-page.ts';
import { statePage } from './state-page.ts';

/** The functions of the server that the routes use. */
export interface PageServer {
  readonly show: (request: FastifyRequest, reply: FastifyReply, page: Page, status?: number) => FastifyReply;
  /** The hidden field of every form. */
  readonly formToken: (request: FastifyRequest) => Html;
  /** The form that was sent. */
  readonly formOf: (request: FastifyRequest) => Form;
}

/** Adds the routes of the pages. */
export function registerPages(
  app: FastifyInstance,
  {
    content,
    clock,
    logger,
  }: { readonly content: ConsoleContent; readonly clock: Clock; readonly logger: Logger },
  { show, formToken, formOf }: PageServer,
): void {
  app.get('/console', (request, reply) =>
    show(request, reply, {
      title: 'State',
      section: '/console',
      content: statePage(content.state(), clock.now()),
      isLive: true,
    }),
  );
  app.get('/console/issuers', (request, reply) =>
    show(request, reply, {
      title: 'Issuers',
      section: '/console/issuers',
      content: issuersPage(content.issuers(), formToken(request), clock.now()),
      isLive: true,
    }),
  );
  app.post('/console/issuers/fetch', (request, reply) => {
    const issuer = formOf(request)('issuer');
    const result = content.fetchNow(issuer);
    if (result === 'unknown issuer') return reply.callNotFound();
    if (result === 'started')
      logger.info({ issuer }, 'an operator fetches the keys of the issuer in the console');
    const page = { title: 'Fetch the keys', section: '/console/issuers' } as const;
    return show(
      request,
      reply,
      { ...page, content: fetchResultPage(issuer, result) },
      result === 'started' ? 200 : 429,
    );
  });
  app.get('/console/checks', async (request, reply) =>
    show(request, reply, {
      title: 'Checks',
      section: '/console/checks',
      content: checksPage(await content.checks(), content.rules(), clock.now()),
      isLive: true,
    }),
  );
  app.get('/console/denials', async (request, reply) => {
    const query = queryOf(request);
    const id = query('id').trim();
    if (id !== '') return reply.redirect(`/console/denials/${encodeURIComponent(id)}`, 303);
    const filter = { reason: query('reason'), host: query('host'), rule: query('rule') };
    return show(request, reply, {
      title: 'Denials',
      section: '/console/denials',
      content: denialsPage(await content.denials(filter), filter),
      isLive: true,
    });
  });
  app.get<{ Params: { id: string } }>('/console/denials/:id', async (request, reply) => {
    const denial = await content.denial(request.params.id);
    const page = { title: 'Denial', section: '/console/denials' } as const;
    return denial === undefined
      ? show(request, reply, { ...page, content: unknownDenialPage() }, 404)
      : show(request, reply, { ...page, content: denialPage(denial, clock.now()) });
  });
  app.get('/console/reasons', (request, reply) =>
    show(request, reply, { title: 'Reasons', content: reasonsPage() }),
  );
  const explain = (
    request: FastifyRequest,
    reply: FastifyReply,
    asked: AskedRequest,
    result?: Parameters<typeof explainPage>[2],
    status = 200,
  ) =>
    show(
      request,
      reply,
      {
        title: 'Explain',
        section: '/console/explain',
        content: explainPage(asked, formToken(request), result),
      },
      status,
    );
  app.get('/console/explain', (request, reply) => explain(request, reply, askedIn(queryOf(request))));
  app.post('/console/explain', async (request, reply) => {
    const form = formOf(request);
    const question = readQuestion(form);
    if ('problem' in question) return explain(request, reply, askedIn(form), question, 400);
    const result = await content.explain(question);
    return explain(request, reply, question, result, 'steps' in result ? 200 : 400);
  });
}

function askedIn(read: Form): AskedRequest {
  return { method: read('method'), host: read('host'), path: read('path') };
}

/** The query of a request. If a name is repeated, only its first value counts. */
function queryOf({ url }: FastifyRequest): Form {
  const query = new URLSearchParams(url.split('?').slice(1).join('?'));
  return (name) => query.get(name) ?? '';
}
