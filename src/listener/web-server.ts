/** The fastify instances of the check and the admin listener, on servers with their own limits. */
import http from 'node:http';
import https from 'node:https';
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify';
import type { TlsFiles } from '../config/options.ts';
import { readTls } from './tls.ts';

/** What a web server is made with. */
export interface WebServerOptions {
  readonly tls: TlsFiles | undefined;
  /** Timeouts and sizes of the server below. */
  readonly limits: http.ServerOptions;
  readonly framework: FastifyServerOptions;
}

const noSchemas = () => () => {
  throw new TypeError('no route has a schema');
};

/** Makes an instance on plain HTTP or, with TLS files, on HTTPS. */
export function createWebServer({ tls, limits, framework }: WebServerOptions): FastifyInstance {
  return fastify({
    ...framework,
    serverFactory: (handler) =>
      tls === undefined
        ? http.createServer(limits, handler)
        : https.createServer({ ...limits, ...readTls(tls), ALPNProtocols: ['http/1.1'] }, handler),
    return503OnClosing: false,
    // The compilers of schemas are a third of the framework's start, and nothing here has one.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  });
}
