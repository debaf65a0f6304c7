/** The chart for a configuration with a login: its Secrets, the Job that creates keys, the listener, and the entries of the mesh. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfigFile } from '../../src/config/load/file.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { entryHeaders } from '../../src/config/rules/entry-headers.ts';
import { readSessionKeys } from '../../src/config/session/session-keys.ts';
import { readChartValues } from '../../src/tools/check-config/chart-values.ts';
import { findHelm } from '../../tools/helm.ts';
import { createAuthority } from '../support/certificates.ts';
import { chartFolder, type Manifest, minimalValues, one, render, valuesFile } from '../support/chart.ts';
import { describeWith } from '../support/real-servers.ts';

const { image } = minimalValues;
const config = {
  issuers: [
    { issuer: 'https://tenant.example.com', name: 'main', audiences: ['shop'], login: { clientId: 'shop' } },
  ],
  login: { hosts: ['shop.example.com'] },
};
const loginSecrets = { client: { existingSecret: 'client' }, sessionKeys: { existingSecret: 'keys' } };
const values = { image, config, loginSecrets, authorizer: { timeout: '5s' } };

/** The configuration file that the chart makes. */
const fileOf = (manifests: readonly Manifest[]) =>
  one(manifests, 'ConfigMap', /^oidc-authz$/).data['oidc-authz.yaml'] as string;

describeWith('a login in the chart', await findHelm(), (program) => {
  const rendered = (changed: object = {}) => render(program, [valuesFile({ ...values, ...changed })]);
  const pod = (manifests: readonly Manifest[]) => one(manifests, 'Deployment').spec.template.spec;

  test('reads its secrets from mounted files', async () => {
    const manifests = await rendered();
    const made = parse(fileOf(manifests));
    expect(made.issuers[0].login.clientSecretFile).toBe('/etc/oidc-authz/login/client-secret');
    expect(made.sessions.keysFile).toBe('/etc/oidc-authz/session/keys');
    const { volumes, containers } = pod(manifests);
    expect(volumes).toContainEqual({ name: 'login', secret: { secretName: 'client', defaultMode: 0o440 } });
    expect(volumes).toContainEqual({
      name: 'session-keys',
      secret: { secretName: 'keys', defaultMode: 0o440 },
    });
    const paths = containers[0].volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
    expect(paths).toEqual(expect.arrayContaining(['/etc/oidc-authz/login', '/etc/oidc-authz/session']));
  });

  test('keeps the files that the configuration names', async () => {
    const [issuer] = config.issuers;
    const named = {
      ...config,
      issuers: [{ ...issuer, login: { clientId: 'shop', privateKeyFile: '/etc/own/key.pem' } }],
      sessions: { keysFile: '/etc/own/keys', refresh: false },
    };
    const made = parse(fileOf(await rendered({ config: named })));
    expect(made.issuers[0].login).toEqual({ clientId: 'shop', privateKeyFile: '/etc/own/key.pem' });
    expect(made.sessions).toEqual({ keysFile: '/etc/own/keys', refresh: false });
  });

  test('is the same for `check-config`, which reads the values without helm', async () => {
    const file = readChartValues(parseConfigFile(JSON.stringify(values), 'values.yaml'))?.file;
    const made = parse(fileOf(await rendered()));
    expect(file?.content).toEqual(made);
  });

  test('gives the entries of the mesh the lists of the configuration', async () => {
    const manifests = await rendered({
      config: { ...config, login: { ...config.login, cors: ['https://app.example.com'] } },
    });
    const loaded = await loadConfig({
      flags: [{ name: '--config', value: 'c.yaml' }],
      environment: {},
      readFile: () => fileOf(manifests),
    });
    const needed = entryHeaders(loaded);
    const { data } = one(manifests, 'ConfigMap', /-entries$/);
    const kyma = JSON.parse(data['kyma-authorizer.json']);
    const sorted = (list: readonly string[]) => list.toSorted();
    expect(sorted(kyma.headers.inCheck.include)).toEqual(sorted(needed.include));
    expect(sorted(kyma.headers.toUpstream.onAllow)).toEqual(sorted(needed.onAllow));
    expect(kyma.headers.toDownstream.onAllow).toEqual(needed.toBrowserOnAllow);
    expect(sorted(kyma.headers.toDownstream.onDeny)).toEqual(sorted(needed.onDeny));
    const istio = parse(data['istio-http-provider.yaml']).extensionProviders[0].envoyExtAuthzHttp;
    expect(istio.headersToDownstreamOnAllow).toEqual(['set-cookie']);
    expect(sorted(istio.headersToDownstreamOnDeny)).toEqual(sorted(needed.onDeny));
  });

  test('has no trace without `login`', async () => {
    const manifests = await render(program, [valuesFile(minimalValues)]);
    expect(JSON.stringify(manifests)).not.toMatch(/login|session-keys|set-cookie/i);
  });

  test('exposes the login listener to the gateways, and starts Node without the flag that fastify cannot have', async () => {
    const listener = { enabled: true, port: 8090 };
    const manifests = await rendered({
      config: { ...config, login: { ...config.login, listener } },
      istio: { enabled: true },
      networkPolicy: { loginFrom: [{ namespaceSelector: { matchLabels: { a: 'b' } } }] },
    });
    const [container] = pod(manifests).containers;
    expect(container.ports).toContainEqual({ name: 'http-login', containerPort: 8090, protocol: 'TCP' });
    expect(container.command.join(' ')).not.toContain('--disallow-code-generation-from-strings');
    expect(one(manifests, 'Service', /^oidc-authz$/).spec.ports).toContainEqual({
      name: 'http-login',
      port: 8090,
      targetPort: 'http-login',
      protocol: 'TCP',
      appProtocol: 'http',
    });
    expect(one(manifests, 'NetworkPolicy', /^oidc-authz$/).spec.ingress).toContainEqual({
      from: [{ namespaceSelector: { matchLabels: { a: 'b' } } }],
      ports: [{ protocol: 'TCP', port: 'http-login' }],
    });
    const [rule] = one(manifests, 'AuthorizationPolicy').spec.rules;
    expect(rule.to[0].operation.ports).toContain('8090');
  });

  test.each<[string, object, string]>([
    ['keys', { loginSecrets: {} }, 'loginSecrets.sessionKeys: config.login needs session keys'],
    [
      'two sources of keys',
      { loginSecrets: { sessionKeys: { existingSecret: 'keys', create: true } } },
      'loginSecrets.sessionKeys: create and existingSecret are both set',
    ],
    [
      'a login',
      { config: minimalValues.config },
      'loginSecrets.client.existingSecret: it has no effect without config.login',
    ],
    [
      'one issuer for the secret',
      {
        config: {
          ...config,
          issuers: ['a', 'b'].map((name) => ({
            issuer: `https://${name}.example.com`,
            name,
            audiences: ['x'],
            login: { clientId: name },
          })),
        },
      },
      'loginSecrets.client.existingSecret: several issuers',
    ],
    [
      'a port of its own',
      { config: { ...config, login: { ...config.login, listener: { enabled: true, port: 8081 } } } },
      'must be different ports',
    ],
  ])('needs %s', async (_, changed, message) => {
    await expect(rendered(changed)).rejects.toThrow(message);
  });

  describe('the Job that creates the session keys', () => {
    const created = { loginSecrets: { sessionKeys: { create: true } } };

    test('can only create Secrets, and exists only while helm installs', async () => {
      const manifests = await rendered(created);
      const own = manifests.filter(({ metadata }) => metadata.name === 'oidc-authz-session-keys');
      expect(own.map(({ kind }) => kind).toSorted()).toEqual([
        'Job',
        'NetworkPolicy',
        'Role',
        'RoleBinding',
        'ServiceAccount',
      ]);
      for (const { metadata } of own) expect(metadata.annotations).toHaveProperty(['helm.sh/hook']);
      expect(one(own, 'Role').rules).toEqual([
        { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
      ]);
      const weight = ({ metadata }: Manifest) => Number(metadata.annotations?.['helm.sh/hook-weight']);
      const job = one(own, 'Job');
      expect(weight(one(own, 'RoleBinding'))).toBeLessThan(weight(job));
      expect(weight(job)).toBeLessThan(weight(one(manifests, 'Job', /-check-config$/)));
      // Neither the Services of the release nor its policies select the pod.
      const { selector } = one(manifests, 'Service', /^oidc-authz$/).spec;
      expect(job.spec.template.metadata.labels).not.toMatchObject(selector);
    });

    test('names the Secret that the pods mount', async () => {
      const manifests = await rendered(created);
      const names = pod(manifests).volumes.map(
        ({ secret }: { secret?: { secretName: string } }) => secret?.secretName,
      );
      expect(names).toContain('oidc-authz-session-keys');
      const { args } = one(manifests, 'Job', /-session-keys$/).spec.template.spec.containers[0];
      expect(args.slice(-4)).toEqual([
        'oidc-authz',
        'oidc-authz-session-keys',
        'keys',
        '{"app.kubernetes.io/name":"oidc-authz-session-keys"}',
      ]);
    });
  });
});

describe('the script of the Job', () => {
  const authority = createAuthority();
  const { certFile, keyFile } = authority.issue('api');

  /** Runs the script with an API server that answers with a status. */
  async function run(status: number) {
    const requests: { url: string; authorization: string; body: string }[] = [];
    const server = https.createServer(
      { cert: readFileSync(certFile), key: readFileSync(keyFile) },
      (request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const { url = '', headers } = request;
          requests.push({
            url: `${request.method} ${url}`,
            authorization: headers.authorization ?? '',
            body: Buffer.concat(chunks).toString(),
          });
          response.writeHead(status, { 'content-type': 'application/json' });
          response.end('{"kind":"Status","message":"as the test says"}');
        });
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-account-'));
    writeFileSync(join(folder, 'ca.crt'), readFileSync(authority.caFile));
    writeFileSync(join(folder, 'token'), 'the-token\n');
    const script = readFileSync(`${chartFolder}/files/create-session-keys.mjs`, 'utf8');
    const args = ['authz', 'session-keys', 'keys', '{"a":"b"}', folder];
    const result = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', script, ...args],
      {
        env: {
          KUBERNETES_SERVICE_HOST: '127.0.0.1',
          KUBERNETES_SERVICE_PORT: String((server.address() as AddressInfo).port),
        },
      },
    ).then(
      ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
      ({ code, stdout, stderr }) => ({ code: code as number, output: `${stdout}${stderr}` }),
    );
    return { ...result, requests };
  }

  test('creates a Secret with one key that the service accepts, and does not print it', async () => {
    const { code, output, requests } = await run(201);
    expect([code, output]).toEqual([0, 'created the Secret authz/session-keys\n']);
    const [{ url, authorization, body } = { url: '', authorization: '', body: '' }] = requests;
    expect([url, authorization]).toEqual(['POST /api/v1/namespaces/authz/secrets', 'Bearer the-token']);
    const { kind, type, metadata, stringData } = JSON.parse(body);
    expect({ kind, type, metadata }).toEqual({
      kind: 'Secret',
      type: 'Opaque',
      metadata: { name: 'session-keys', namespace: 'authz', labels: { a: 'b' } },
    });
    expect(readSessionKeys(stringData.keys)).toHaveLength(1);
    const second = await run(201);
    expect(JSON.parse(second.requests[0]?.body ?? '{}').stringData).not.toEqual(stringData);
  });

  test('leaves an existing Secret unchanged', async () => {
    const { code, output, requests } = await run(409);
    expect([code, output]).toEqual([0, 'the Secret authz/session-keys exists; it was not changed\n']);
    expect(requests).toHaveLength(1);
  });

  test('fails if the API server refuses, with its message', async () => {
    const { code, output } = await run(403);
    expect(code).toBe(1);
    expect(output).toContain('the API server answered 403');
    expect(output).toContain('as the test says');
  });
});
