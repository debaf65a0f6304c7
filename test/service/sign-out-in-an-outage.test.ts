/** A running service with the usual `limits.meshTimeout`: a sign-out while the store of the sessions cannot be used. */
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/runtime/time/clock.ts';
import { runApp } from '../support/app.ts';
import { startFakeIssuer } from '../support/fake-issuer.ts';
import { signIn } from '../support/login-provider.ts';
import { shop as host, startLoginParts } from '../support/login-service.ts';
import { createMemoryServer } from '../support/state/memory-store.ts';

const page = `https://${host}/cart`;

test.each([
  ['valkey', 'away'],
  ['valkey', 'timeout'],
  ['valkey', 'full'],
  ['cookie', 'away'],
  ['cookie', 'full'],
] as const)(
  'sessions.store: %s, the store is %s: no cookie is left, and the issuer is visited',
  async (place, failure) => {
    const parts = await startLoginParts(`refresh: true, store: ${place}`);
    const client = createMemoryServer(systemClock).connect();
    const service = await runApp({
      issuer: await startFakeIssuer(),
      store: client,
      file: `${parts.file}
rules: [{name: shop, match: {hosts: [${host}]}, require: {login: [main]}}]
state: {valkey: {urls: ["redis://valkey.example.com"]}}
http: {host: 127.0.0.1, port: 0}
grpc: {host: 127.0.0.1, port: 0}
admin: {host: 127.0.0.1, port: 0}
shutdown: {delay: 0s, timeout: 5s}
`,
    });
    const mesh = await parts.mesh('http', service.httpPort);
    onTestFinished(async () => {
      await mesh.close();
      await service.stop();
      await service.issuer.close();
      await parts.provider.close();
    });
    const browser = parts.browser(mesh);
    expect((await signIn(browser, page, 'alice')).status).toBe(200);
    client.fail(failure);
    const answer = await browser.request(`https://${host}/.oidc-authz/sign-out`);
    expect(answer.status).toBe(302);
    expect(answer.headers.location).toContain('id_token_hint=');
    expect(answer.headers['set-cookie']?.join('\n')).toContain('__Host-oidc-authz=;');
    client.fail(undefined);
  },
);
