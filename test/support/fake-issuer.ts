/** An OpenID issuer in this process. It publishes keys and signs tokens, and can rotate keys, be slow, hang and fail. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type JWTPayload, SignJWT } from 'jose';
import { createSigningKey, type SigningKey } from './keys.ts';

/** Responds to a request. */
export type Endpoint = (request: IncomingMessage, response: ServerResponse) => void;

/** The settings of a token. */
export interface TokenParts {
  /** Claims; undefined removes a default one. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Header parameters; undefined removes a default one. */
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: SigningKey;
}

/** An issuer. */
export interface FakeIssuer {
  readonly url: string;
  readonly port: number;
  /** The number of requests so far. */
  readonly hits: { discovery: number; jwks: number };
  /** The published keys. The first one signs. */
  keys: SigningKey[];
  /** The handlers of the endpoints, which tests may replace. */
  discovery: Endpoint;
  jwks: Endpoint;
  readonly mint: (parts?: TokenParts) => Promise<string>;
  readonly close: () => Promise<void>;
}

/** The default audience of tokens. */
export const audience = 'orders-api';

/** Starts an issuer on a free port, or on a given one. Its URL may have a path. */
export async function startFakeIssuer({
  port = 0,
  keys,
  path = '',
}: {
  port?: number;
  keys?: SigningKey[];
  /** For example `/tenant/v2.0`, or `/` for a URL that ends with a slash. */
  path?: string;
} = {}): Promise<FakeIssuer> {
  const server = createServer((request, response) => route(request, response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const bound = (server.address() as AddressInfo).port;
  const url = `http://127.0.0.1:${bound}${path}`;
  const folder = path.replace(/\/$/, '');

  const issuer: FakeIssuer = {
    url,
    port: bound,
    hits: { discovery: 0, jwks: 0 },
    keys: keys ?? [await createSigningKey('k1')],
    discovery: (_, response) =>
      sendJson(response, { issuer: url, jwks_uri: `http://127.0.0.1:${bound}${folder}/jwks` }),
    jwks: (_, response) => sendJson(response, { keys: issuer.keys.map(({ publicJwk }) => publicJwk) }),
    mint: (parts) => mint(issuer, parts),
    close: () => closeServer(server),
  };
  const route: Endpoint = (request, response) => {
    if (request.url === `${folder}/.well-known/openid-configuration`) {
      issuer.hits.discovery++;
      issuer.discovery(request, response);
    } else if (request.url === `${folder}/jwks`) {
      issuer.hits.jwks++;
      issuer.jwks(request, response);
    } else response.writeHead(404).end();
  };
  return issuer;
}

/** Responds with JSON. */
export function sendJson(
  response: ServerResponse,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function mint(issuer: FakeIssuer, { claims = {}, header = {}, key }: TokenParts = {}): Promise<string> {
  const signer = key ?? issuer.keys[0];
  if (signer === undefined) throw new TypeError('the issuer has no key to sign with');
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: issuer.url, aud: audience, sub: 'alice', iat: now, exp: now + 300, ...claims };
  const protectedHeader = { alg: signer.algorithm, kid: signer.kid, typ: 'JWT', ...header };
  return new SignJWT(withoutUndefined(payload) as JWTPayload)
    .setProtectedHeader(withoutUndefined(protectedHeader) as { alg: string })
    .sign(signer.privateKey);
}

function withoutUndefined(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
