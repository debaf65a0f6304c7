/** The site of an attacker or of another team: pages with any content, for attacks from another origin and from a sibling host. */
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { CertificateFiles } from '../certificates.ts';

/** A running site. */
export interface OtherOrigin {
  readonly port: number;
  /** Pages by path. */
  readonly pages: Map<string, { readonly html: string; readonly cookies?: readonly string[] }>;
  readonly close: () => Promise<void>;
}

/** Starts the site on a free port of this machine. */
export async function startOtherOrigin({ certFile, keyFile }: CertificateFiles): Promise<OtherOrigin> {
  const pages: OtherOrigin['pages'] = new Map();
  const server = https.createServer(
    { cert: readFileSync(certFile), key: readFileSync(keyFile) },
    (request, response) => {
      const page = pages.get((request.url ?? '').split('?')[0] ?? '');
      response
        .writeHead(page === undefined ? 404 : 200, {
          'content-type': 'text/html; charset=utf-8',
          'set-cookie': [...(page?.cookies ?? [])],
        })
        .end(`<!doctype html><link rel="icon" href="data:,">${page?.html ?? ''}`);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    pages,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
