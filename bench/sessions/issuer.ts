/** An issuer that signs everyone in at once, and accepts a refresh token once. */
import { createHash, type KeyObject, randomUUID, sign } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startFakeIssuer } from '../../test/support/fake-issuer.ts';
import { createSigningKey } from '../../test/support/keys.ts';
import { privateKeyObject } from '../../test/support/tokens.ts';

/** The client of the service at the issuer. */
export const client = { id: 'shop', secret: 'a-secret-that-is-long-enough-for-this-client' } as const;

/** A running issuer. */
export interface SessionIssuer {
  readonly url: string;
  /** When later tokens end, in seconds since the epoch. */
  tokensEndAt: number;
  /** Token requests that were answered with tokens: at a login, and at a renewal. */
  readonly answered: { logins: number; renewals: number };
  /** Refresh tokens that were used a second time. */
  readonly reused: () => number;
  /** The code of a login, for its authorization request. */
  readonly codeFor: (authorization: URL, subject: string) => string;
  readonly close: () => Promise<void>;
}

/** The audience of access tokens. */
export const audience = 'orders-api';

/** Starts it. Its tokens have the size of usual ones: about 700 bytes. */
export async function startSessionIssuer(): Promise<SessionIssuer> {
  const key = await createSigningKey('sessions', 'ES256');
  const fake = await startFakeIssuer({ keys: [key] });
  const privateKey = privateKeyObject(key);
  const used = new Set<string>();
  let reused = 0;
  const tokens = (subject: string, more: object) => {
    const common = {
      iss: fake.url,
      sub: subject,
      iat: now(),
      exp: issuer.tokensEndAt,
      ...peopleClaims(subject),
    };
    return {
      token_type: 'Bearer',
      expires_in: issuer.tokensEndAt - now(),
      scope: 'openid email',
      refresh_token: `${subject}.${randomUUID()}`,
      access_token: jwt({ ...common, aud: audience, jti: randomUUID() }, 'at+jwt', privateKey),
      id_token: jwt({ ...common, aud: client.id, sid: `sid-${subject}`, ...more }, 'JWT', privateKey),
    };
  };
  const answer = (form: URLSearchParams): object | undefined => {
    if (form.get('grant_type') === 'authorization_code') {
      const [subject = '', nonce, challenge] = (form.get('code') ?? '').split('.');
      const verifier = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url');
      if (verifier !== challenge) return undefined;
      issuer.answered.logins++;
      return tokens(subject, { nonce });
    }
    const token = form.get('refresh_token') ?? '';
    if (used.has(token)) {
      reused++;
      return undefined;
    }
    used.add(token);
    issuer.answered.renewals++;
    return tokens(token.slice(0, token.indexOf('.')), {});
  };
  const server = createServer(async (request, response) => {
    const body = answer(new URLSearchParams(await textOf(request)));
    response.writeHead(body === undefined ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { error: 'invalid_grant' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  fake.discovery = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        issuer: fake.url,
        jwks_uri: `${fake.url}/jwks`,
        authorization_endpoint: `${base}/authorize`,
        token_endpoint: `${base}/token`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
        code_challenge_methods_supported: ['S256'],
      }),
    );
  };
  const issuer: SessionIssuer = {
    url: fake.url,
    tokensEndAt: now() + 24 * 3_600,
    answered: { logins: 0, renewals: 0 },
    reused: () => reused,
    codeFor: ({ searchParams }, subject) =>
      `${subject}.${searchParams.get('nonce')}.${searchParams.get('code_challenge')}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await fake.close();
    },
  };
  return issuer;
}

function peopleClaims(subject: string): object {
  return {
    email: `${subject}@example.com`,
    email_verified: true,
    preferred_username: subject,
    groups: ['orders', 'customers'],
  };
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}

function jwt(claims: object, typ: string, key: KeyObject): string {
  const data = `${segment({ alg: 'ES256', kid: 'sessions', typ })}.${segment(claims)}`;
  const signature = sign('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' });
  return `${data}.${signature.toString('base64url')}`;
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
