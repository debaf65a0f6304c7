/** The file of `generate envoy --bootstrap`, in a real Envoy with a real service. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import type { Config } from '../../src/config/declare/options.ts';
import type { GenerateFlags } from '../../src/tools/generate/options.ts';
import { findEnvoy, startEnvoy } from '../../tools/envoy.ts';
import { type Received, startWorkload } from '../../tools/workload.ts';
import { fileFor, startApp } from '../support/app.ts';
import { generatedYaml } from '../support/generate-flags.ts';
import { exchange, request } from '../support/http1.ts';
import { describeWith } from '../support/real-servers.ts';

const rules = `
    - {name: open, match: {paths: [/open]}, allow: anonymous}
    - {name: own, match: {paths: [/own]}, require: {}, outputClaimToHeaders: [{header: x-own-name, claim: sub}]}
    - {name: rest, require: {}}
`;
const policies = `
policies:
  - name: shop
    pathPrefix: /shop
    rules:${rules.replaceAll('\n', '\n  ')}
  - {name: closed, pathPrefix: /closed, rules: [{name: all, deny: true}]}
`;

/** Configurations, the flags for them, and the header with the caller on `/` and on `/own`. */
const cases: Readonly<
  Record<string, readonly [more: string, flags: Partial<GenerateFlags>, own: string | undefined]>
> = {
  'HTTP with rules': [`rules:${rules}`, {}, 'x-own-name'],
  'HTTP with a policy': [policies, { policy: 'shop' }, 'x-own-name'],
  'HTTP with a request header of the mesh': [
    'trustedHeaders: [x-forwarded-proto]\nrules: [{name: a, match: {headers: {x-forwarded-proto: http}}, require: {}}]',
    {},
    'x-auth-request-user',
  ],
  'HTTP without identity headers': ['identityHeaders: remove', {}, undefined],
  'gRPC with rules': [`rules:${rules}`, { transport: 'grpc' }, 'x-own-name'],
  'gRPC with a policy': [policies, { transport: 'grpc', policy: 'shop' }, 'x-own-name'],
};

interface Listener {
  readonly address: { readonly socket_address: { address: string; port_value: number } };
}

/** The generated file, with the ports of the test. */
function moved(text: string, { port, adminPort }: { port: number; adminPort: number }): object {
  const file = parse(text) as { admin: Listener; static_resources: { listeners: [Listener] } };
  const listener = file.static_resources.listeners[0].address.socket_address;
  Object.assign(listener, { address: '127.0.0.1', port_value: port });
  file.admin.address.socket_address.port_value = adminPort;
  return file;
}

describeWith('a real Envoy', await findEnvoy(), (path) => {
  describe.each(Object.entries(cases))('with the generated file for %s', (_, [more, flags, own]) => {
    async function proxy() {
      const service = await startApp({ file: `${fileFor('ISSUER')}${more}\n` });
      const workload = await startWorkload();
      const settings: Config = {
        ...service.config,
        http: { ...service.config.http, port: service.httpPort },
        grpc: { ...service.config.grpc, port: service.grpcPort },
      };
      const text = generatedYaml('envoy', settings, {
        ...flags,
        service: '127.0.0.1',
        backend: `127.0.0.1:${workload.port}`,
        bootstrap: true,
      });
      const envoy = await startEnvoy(path, (ports) => moved(text, ports));
      onTestFinished(async () => {
        await envoy.stop();
        await workload.close();
      });
      const token = await service.issuer.mint({ claims: { sub: 'alice' } });
      return { service, workload, port: envoy.port, authorization: `authorization: Bearer ${token}` };
    }

    test('forwards the identity of a valid token, and no forged header', async () => {
      const { port, authorization } = await proxy();
      const forged = ['x-auth-request-user', 'x-auth-request-email', 'x_auth_request_user', 'x-own-name'];
      // Without rules of their own, x-own-name is a header like any other.
      const guarded = own === 'x-own-name' ? forged : forged.slice(0, 3);
      for (const target of ['/', '/own']) {
        const lines = [authorization, ...forged.map((name) => `${name}: forged`)];
        const response = await exchange(port, request('GET', target, lines));
        expect([target, response?.status]).toEqual([target, 200]);
        const { headers, path: received } = JSON.parse(response?.body ?? '') as Received;
        expect(received).toBe(target);
        const identity = headers.filter(([name]) => guarded.includes(name));
        const caller = target === '/own' || own === undefined ? own : 'x-auth-request-user';
        expect(identity).toEqual(caller === undefined ? [] : [[caller, 'alice']]);
      }
    });

    test('returns the denial of the service with its headers', async () => {
      const { port, service, workload } = await proxy();
      const response = await exchange(port, request('GET', '/', []));
      expect(response?.status).toBe(401);
      const direct = await fetch(`http://127.0.0.1:${service.httpPort}/shop/`);
      for (const name of ['www-authenticate', 'content-type', 'cache-control'])
        expect([name, response?.headers[name]]).toEqual([name, direct.headers.get(name) ?? undefined]);
      const decision = 'x-oidc-authz-decision';
      expect(response?.headers[decision] !== undefined).toBe(direct.headers.has(decision));
      expect(workload.requests()).toBe(0);
    });
  });
});
