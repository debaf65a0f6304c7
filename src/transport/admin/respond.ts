/** Responds to a request to the admin listener: finds the route, checks access and the method, and calls the route. */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { type Access, type AdminPeer, accessOf, isCrossSite, isProxyHeader } from './access.ts';
import { maxAdminBody, readBody } from './request-body.ts';
import { type AdminResponse, type AdminRoute, routesOf, textResponse } from './route.ts';

/** The dependencies of the responses. */
export interface RespondDependencies {
  readonly routes: readonly AdminRoute[];
  readonly guard: Guard;
  /** Called if a route throws; the client receives status 500. */
  readonly onDefect: (error: unknown) => void;
}

const notFound = textResponse(
  404,
  'no such path; docs/admin.md lists the paths, and /console needs admin.console.enabled',
);

const ambiguous = textResponse(400, 'host and authorization: each may occur only once in a request');

/** How to get access to the guarded routes. */
export const accessHelp =
  'Access denied. Connect from the same machine or through `kubectl port-forward`, to localhost. ' +
  'Or set admin.tokenFile, and send its token as `authorization: Bearer TOKEN`. ' +
  'Or set admin.tls.clientCaFile, and use a client certificate.';

const denied = textResponse(403, accessHelp);

const tooLarge = textResponse(413, `the body has more than ${maxAdminBody} bytes`);

/** Decides about the access of a request to the guarded routes. */
export type Guard = (message: IncomingMessage) => Access;

/**
 * Creates the guard.
 *
 * @param verifiesCertificates whether the listener has `admin.tls.clientCaFile`
 * @param token the token that gives access; undefined without `admin.tokenFile`
 */
export function createGuard(verifiesCertificates: boolean, token: () => string | undefined): Guard {
  return (message) => accessOf(peerOf(message, verifiesCertificates), token());
}

/** Creates the function that responds. It rejects only if the connection closes before the whole request has arrived. */
export function createRespond({
  routes,
  guard,
  onDefect,
}: RespondDependencies): (message: IncomingMessage) => Promise<AdminResponse> {
  return async (message) => {
    const [path = '', query = ''] = (message.url ?? '').split(/\?(.*)/s, 2);
    const found = routesOf(routes, path);
    if (found.length === 0) return notFound;
    if (found.some(({ guarded }) => guarded)) {
      const access = guard(message);
      if (access === 'ambiguous') return ambiguous;
      if (access === 'denied') return denied;
    }
    const route = found.find(({ method }) => method === message.method);
    if (route === undefined) return methodNotAllowed(found);
    const body = route.method === 'POST' ? await readBody(message) : Buffer.alloc(0);
    if (body === undefined) return tooLarge;
    const { method } = route;
    const { headers } = message;
    try {
      return await route.handle({ method, path, query: new URLSearchParams(query), headers, body });
    } catch (error) {
      onDefect(error);
      return textResponse(500, 'internal error; the log has the cause');
    }
  };
}

function methodNotAllowed(routes: readonly AdminRoute[]): AdminResponse {
  return { status: 405, headers: { allow: routes.map(({ method }) => method).join(', ') }, body: '' };
}

function peerOf(
  { method, socket, headersDistinct }: IncomingMessage,
  verifiesCertificates: boolean,
): AdminPeer {
  return {
    address: socket.remoteAddress,
    hasVerifiedCertificate: verifiesCertificates && (socket as TLSSocket).authorized === true,
    host: headersDistinct.host ?? [],
    authorization: headersDistinct.authorization ?? [],
    isForwarded: Object.keys(headersDistinct).some(isProxyHeader),
    isCrossSite: isCrossSite(method, (name) => headersDistinct[name]?.[0]),
  };
}
