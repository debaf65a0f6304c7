/** HTTP servers that check little or nothing, for comparison: `node http.ts node:http|fastify|minimal JWKS`. */
import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { fastify } from 'fastify';

const empty = (_: IncomingMessage, response: ServerResponse) => {
  response.writeHead(200, ['content-length', '0']);
  response.end();
};

const kinds: Record<string, () => Promise<number>> = {
  'node:http': () => listen(http.createServer(empty)),
  // The first example of its documentation.
  fastify: async () => {
    const app = fastify();
    app.get('/*', (_, reply) => reply.send({ hello: 'world' }));
    await app.listen({ host: '127.0.0.1', port: 0 });
    return portOf(app.server);
  },
  minimal: () => listen(http.createServer(minimalVerifier(process.argv[3] ?? '{"keys":[]}'))),
};

/**
 * The minimum work of a verifier: a digest, a lookup, a signature if it is not found, four headers. It has no logs, metrics
 * or limits, and checks no claim.
 */
function minimalVerifier(jwks: string): (message: IncomingMessage, response: ServerResponse) => void {
  const keys = new Map<string, KeyObject>(
    JSON.parse(jwks).keys.map((jwk: { readonly kid: string; readonly kty: string }) => [
      jwk.kid,
      createPublicKey({ key: { ...jwk }, format: 'jwk' }),
    ]),
  );
  const known = new Map<string, string[]>();
  const deny = (response: ServerResponse) => {
    response.writeHead(401, ['content-length', '0']);
    response.end();
  };
  return (message, response) => {
    const token = message.headers.authorization?.slice('Bearer '.length);
    if (token === undefined) return deny(response);
    const digest = hash('sha256', token, 'base64');
    const headers = known.get(digest) ?? verified(token, keys);
    if (headers === undefined) return deny(response);
    known.set(digest, headers);
    response.writeHead(200, headers);
    response.end();
  };
}

function verified(token: string, keys: ReadonlyMap<string, KeyObject>): string[] | undefined {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
  const key = keys.get(kid);
  if (key === undefined) return undefined;
  const data = Buffer.from(`${header}.${payload}`);
  const input = alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
  const isGood = verify(alg === 'EdDSA' ? null : 'sha256', data, input, Buffer.from(signature, 'base64url'));
  if (!isGood) return undefined;
  const { sub, email, groups, preferred_username } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const values = { user: sub, email, groups: groups?.join(','), 'preferred-username': preferred_username };
  const headers = Object.entries(values).flatMap(([name, value]) => [
    `x-auth-request-${name}`,
    String(value),
  ]);
  return [...headers, 'content-length', '0'];
}

function listen(server: http.Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(portOf(server))));
}

function portOf(server: http.Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const start = kinds[process.argv[2] ?? ''];
process.stdout.write(`${JSON.stringify({ listener: 'bare', port: await start?.() })}\n`);
