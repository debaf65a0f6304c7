/** An issuer whose token endpoint the test writes: an attacker, or one that is broken. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type FakeIssuer, sendJson, startFakeIssuer } from './fake-issuer.ts';

/** A request to the endpoint. */
export interface TokenRequest {
  readonly headers: IncomingMessage['headers'];
  readonly body: URLSearchParams;
}

/** The issuer. */
export interface IssuerWithTokenEndpoint {
  readonly fake: FakeIssuer;
  /** The requests to the token endpoint so far. */
  readonly requests: TokenRequest[];
  /** The address of the token endpoint. */
  readonly tokenUrl: string;
  /** Answers at the token endpoint; tests replace it. */
  answer: (request: TokenRequest, response: ServerResponse) => void | Promise<void>;
  /** More members of the discovery document. */
  metadata: Readonly<Record<string, unknown>>;
  /** A token response with an ID token for the client `shop`; undefined removes a member or a claim. */
  readonly tokens: (
    claims?: Readonly<Record<string, unknown>>,
    members?: Readonly<Record<string, unknown>>,
  ) => Promise<object>;
}

/** Starts the issuer. It stops after the test. */
export async function startIssuerWithTokenEndpoint(): Promise<IssuerWithTokenEndpoint> {
  const fake = await startFakeIssuer();
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const received = { headers: request.headers, body: new URLSearchParams(text) };
    issuer.requests.push(received);
    await issuer.answer(received, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer: IssuerWithTokenEndpoint = {
    fake,
    requests: [],
    tokenUrl: `${base}/token`,
    metadata: {},
    answer: async (_, response) => sendJson(response, await issuer.tokens()),
    tokens: async (claims = {}, members = {}) => ({
      access_token: 'opaque-access-token',
      token_type: 'Bearer',
      expires_in: 300,
      refresh_token: 'refresh-token',
      id_token: await fake.mint({ claims: { aud: 'shop', ...claims } }),
      ...members,
    }),
  };
  fake.discovery = (_, response) =>
    sendJson(response, {
      issuer: fake.url,
      jwks_uri: `${fake.url}/jwks`,
      authorization_endpoint: `${base}/authorize`,
      token_endpoint: `${base}/token`,
      revocation_endpoint: `${base}/revoke`,
      end_session_endpoint: `${base}/end`,
      pushed_authorization_request_endpoint: `${base}/par`,
      ...issuer.metadata,
    });
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await fake.close();
  });
  return issuer;
}
