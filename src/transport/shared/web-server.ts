/** Creates the HTTP/1.1 servers of the check listener and the admin listener, plain or with TLS. */
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import https from 'node:https';
import type { TlsFiles } from '../../config/declare/options.ts';
import { http } from '../../runtime/node-http.ts';
import { readTls } from './tls.ts';

/** Handles a request. */
export type RequestHandler = (message: IncomingMessage, response: ServerResponse) => void;

/**
 * Creates a server that does not listen yet.
 *
 * @param limits timeouts in milliseconds and sizes in bytes
 */
export function createWebServer(
  tls: TlsFiles | undefined,
  limits: ServerOptions,
  handle: RequestHandler,
): Server {
  if (tls === undefined) return http.createServer(limits, handle);
  return https.createServer({ ...limits, ...readTls(tls), ALPNProtocols: ['http/1.1'] }, handle);
}
