/** The routes on which issuers end sessions. They answer for every host, because only issuers and their frames use them. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { LogoutAnswer, LogoutAnswers } from '../../login/back-channel/logout-answers.ts';

/** The dependencies of the routes. */
export interface LogoutRoutesDependencies {
  /** The answers of the current configuration; called for each request. */
  readonly answers: () => LogoutAnswers | undefined;
  /** Called if a request cannot be answered; the client receives status 500. */
  readonly onDefect: (error: unknown) => void;
}

/** Maximum size of a form with a logout token, in bytes. Keycloak's has 900. */
const maxForm = 32 * 1024;

const form = 'application/x-www-form-urlencoded';

/** The page of a frame. A person does not see it. */
const emptyPage = '<!doctype html><html lang="en"><title>Signed out</title></html>\n';

/** Adds the routes to a scope of their own, because only they read a body. */
export function addLogoutRoutes(app: FastifyInstance, { answers, onDefect }: LogoutRoutesDependencies): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      form,
      { parseAs: 'buffer', bodyLimit: maxForm },
      async (_: FastifyRequest, body: Buffer) => body,
    );
    scope.setErrorHandler<FastifyError>((error, _, reply) => {
      const { statusCode = 500 } = error;
      if (statusCode >= 500) onDefect(error);
      return sendError(reply, statusCode, errors[statusCode] ?? 'invalid_request');
    });
    const only = (method: string) => async (request: FastifyRequest, reply: FastifyReply) => {
      if (request.method === method) return;
      reply.header('allow', method);
      return sendError(reply, 405, 'method_not_allowed');
    };

    scope.all<{ Params: { issuer: string } }>(
      '/back-channel-logout/:issuer',
      { bodyLimit: maxForm, onRequest: only('POST') },
      async ({ params, body }, reply) => {
        if (!Buffer.isBuffer(body)) return sendError(reply, 415, 'unsupported_media_type');
        const [token, ...others] = new URLSearchParams(body.toString()).getAll('logout_token');
        const isOnly = others.length === 0;
        const answer = await answers()?.backChannel(params.issuer, isOnly ? token : undefined);
        return send(reply, answer, () => reply.code(200).send());
      },
    );
    scope.all<{ Params: { issuer: string } }>(
      '/front-channel-logout/:issuer',
      { onRequest: only('GET') },
      async ({ params, url }, reply) => {
        const [, query = ''] = /\?(.*)$/.exec(url) ?? [];
        const answer = await answers()?.frontChannel(params.issuer, new URLSearchParams(query));
        return send(reply, answer, () =>
          reply
            .code(200)
            .header('content-security-policy', "default-src 'none'")
            .type('text/html; charset=utf-8')
            .send(emptyPage),
        );
      },
    );
  });
}

function send(
  reply: FastifyReply,
  answer: LogoutAnswer | undefined,
  sendEnded: () => FastifyReply,
): FastifyReply {
  if (answer === undefined) return sendError(reply, 501, 'not_configured');
  if (answer.error !== undefined) return sendError(reply, answer.status, answer.error);
  withoutStoring(reply);
  return sendEnded();
}

function sendError(reply: FastifyReply, status: number, error: string): FastifyReply {
  return withoutStoring(reply).code(status).type('application/json').send(JSON.stringify({ error }));
}

function withoutStoring(reply: FastifyReply): FastifyReply {
  return reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
}

const errors: Readonly<Record<number, string>> = {
  413: 'request_too_large',
  415: 'unsupported_media_type',
  500: 'internal_error',
};
