/** The commands of the plan, run by a shell with a real kubectl and a fake API server. */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { findKubectl } from '../../../../../tools/helm.ts';
import { describeWith } from '../../../../support/real-servers.ts';
import { installationOf, migrated } from '../sample-installation.ts';

const plan = migrated(installationOf({ banner: '```' }), { output: 'plan' }).output;
const blocks = [...plan.matchAll(/^(`{3,})(\w+)\n([\s\S]*?)^\1$/gm)].map(([, , language, block = '']) => ({
  language,
  block,
}));
const shell = blocks.filter(({ language }) => language === 'sh').map(({ block }) => block);

function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-plan-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('is valid shell without placeholders', () => {
  for (const block of shell) {
    execFileSync('sh', ['-n'], { input: block });
    expect(block).not.toMatch(/\b(NAMESPACE|NAME)\b(?!\])/);
  }
  // The third argument of the script is optional.
  expect(shell.join('').match(/NAMESPACE/g)).toHaveLength(1);
});

test('extracts its files, and leaves the values that are there', () => {
  const folder = folderOfTest();
  writeFileSync(join(folder, 'plan.md'), plan);
  writeFileSync(join(folder, 'values.yaml'), 'the: way back\n');
  const block = shell.find((text) => text.includes('awk')) ?? '';
  execFileSync('sh', ['-eu', '-c', block], { cwd: folder });
  const read = (name: string) => parse(readFileSync(join(folder, name), 'utf8'));
  const yaml = blocks.filter(({ language }) => language === 'yaml').map((one) => parse(one.block));
  expect(read('values.oidc-authz.yaml')).toEqual(yaml[1]);
  expect(read('values.oidc-authz.shadow.yaml')).toEqual(yaml[2]);
  expect(read('values.yaml')).toEqual({ the: 'way back' });
  for (const text of shell) expect(text).not.toMatch(/>\s*values\.yaml|--values values\.yaml/);
});

type Tree = Record<string, unknown>;

/** A resource of the fake API server. */
interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly objects: Tree[];
}

/** Applies a JSON patch of `test`, `replace` and `remove` (RFC 6902). */
function apply(object: Tree, patch: readonly { op: string; path: string; value?: unknown }[]): void {
  for (const { op, path, value } of patch) {
    const names = path.split('/').slice(1);
    const last = names.pop() ?? '';
    const parent = names.reduce<unknown>((at, name) => (at as Tree)[name], object) as Tree;
    if (op === 'test') expect(parent[last]).toEqual(value);
    else if (op === 'remove' && Array.isArray(parent)) parent.splice(Number(last), 1);
    else parent[last] = value;
  }
}

/** A fake API server for `kubectl get` and `kubectl patch`. */
async function startCluster(resources: readonly Resource[]) {
  const patched: string[] = [];
  const send = (response: ServerResponse, status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const versionOf = ({ group, version }: Resource) => ({ groupVersion: `${group}/${version}`, version });
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const of = resources.find(({ group, version }) => pathname.startsWith(`/apis/${group}/${version}`));
    if (pathname === '/api') return send(response, 200, { kind: 'APIVersions', versions: ['v1'] });
    if (pathname === '/apis')
      return send(response, 200, {
        kind: 'APIGroupList',
        apiVersion: 'v1',
        groups: resources.map((one) => ({
          name: one.group,
          versions: [versionOf(one)],
          preferredVersion: versionOf(one),
        })),
      });
    const notFound = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
    if (of === undefined) return send(response, 404, notFound);
    const { group, version, plural, kind, objects } = of;
    const rest = pathname.slice(`/apis/${group}/${version}`.length).split('/').slice(1);
    if (rest.length === 0)
      return send(response, 200, {
        kind: 'APIResourceList',
        apiVersion: 'v1',
        groupVersion: `${group}/${version}`,
        resources: [
          { name: plural, singularName: '', namespaced: true, kind, verbs: ['get', 'list', 'patch'] },
        ],
      });
    const namespace = rest[0] === 'namespaces' ? rest[1] : undefined;
    const name = namespace === undefined ? rest[1] : rest[3];
    const meta = (object: Tree) => object.metadata as { name: string; namespace: string };
    const here = objects.filter((object) => namespace === undefined || meta(object).namespace === namespace);
    if (name === undefined)
      return send(response, 200, { kind: `${kind}List`, apiVersion: `${group}/${version}`, items: here });
    const object = here.find((one) => meta(one).name === name);
    if (object === undefined) return send(response, 404, notFound);
    if (request.method === 'PATCH') {
      apply(object, JSON.parse(Buffer.concat(await request.toArray()).toString()));
      patched.push(`${meta(object).namespace}/${name}`);
    }
    return send(response, 200, object);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, patched };
}

describeWith('a real kubectl', await findKubectl(), (path) => {
  const rule = (at: string, ...authorizers: string[]) => ({
    path: at,
    methods: ['GET'],
    extAuth: { authorizers },
  });
  const object = (apiVersion: string, kind: string, name: string, spec: object, more = {}): Tree => ({
    apiVersion,
    kind,
    metadata: { name, namespace: 'shop', ...more },
    spec,
  });
  const api = 'gateway.kyma-project.io/v2';
  const istio = 'security.istio.io/v1';

  async function run(url: string, ...blocks: readonly string[]) {
    const folder = folderOfTest();
    const stub = join(folder, 'kubectl');
    writeFileSync(stub, `#!/bin/sh\nexec '${path}' --server '${url}' --cache-dir '${folder}/cache' "$@"\n`);
    chmodSync(stub, 0o755);
    const env = {
      ...process.env,
      PATH: `${folder}:${process.env.PATH}`,
      KUBECONFIG: '/dev/null',
      HOME: folder,
    };
    return promisify(execFile)('sh', ['-eu', '-c', blocks.join('\n')], { cwd: folder, env });
  }

  test('points every rule of every APIRule and every policy of the user to the new authorizer, and back', async () => {
    const apiRules = [
      object(api, 'APIRule', 'orders', {
        rules: [
          rule('/a', 'oauth2-proxy'),
          { path: '/open', noAuth: true },
          rule('/b', 'other', 'oauth2-proxy'),
        ],
      }),
      object(api, 'APIRule', 'elsewhere', { rules: [rule('/c', 'other')] }),
      object(api, 'APIRule', 'open', { rules: [{ path: '/*', noAuth: true }] }),
    ];
    const custom = { action: 'CUSTOM', provider: { name: 'oauth2-proxy' } };
    const policies = [
      object(istio, 'AuthorizationPolicy', 'own', custom),
      object(istio, 'AuthorizationPolicy', 'made', structuredClone(custom), {
        ownerReferences: [{ apiVersion: api, kind: 'APIRule', name: 'orders', uid: 'x' }],
      }),
      object(istio, 'AuthorizationPolicy', 'deny', { action: 'DENY' }),
    ];
    const before = structuredClone([apiRules, policies]);
    const { url, patched } = await startCluster([
      {
        group: 'gateway.kyma-project.io',
        version: 'v2',
        plural: 'apirules',
        kind: 'APIRule',
        objects: apiRules,
      },
      {
        group: 'security.istio.io',
        version: 'v1',
        plural: 'authorizationpolicies',
        kind: 'AuthorizationPolicy',
        objects: policies,
      },
    ]);
    const block = shell.find((text) => text.includes('point-authorizer.sh <<')) ?? '';
    await run(url, block);
    const all = JSON.stringify(apiRules);
    expect(all).not.toContain('oauth2-proxy');
    expect(all.match(/oidc-authz/g)).toHaveLength(2);
    expect(policies.map(({ spec }) => (spec as { provider?: { name: string } }).provider?.name)).toEqual([
      'oidc-authz',
      'oauth2-proxy',
      undefined,
    ]);
    expect(patched).toEqual(['shop/orders', 'shop/own']);
    const back = shell.find((text) => text.startsWith('sh point-authorizer.sh oidc-authz')) ?? '';
    const [script = ''] = /^cat[\s\S]*?\nSCRIPT\n/.exec(block) ?? [];
    await run(url, script, back);
    expect([apiRules, policies]).toEqual(before);
  });

  test('removes only the entry of oauth2-proxy from the Istio resource', async () => {
    const entries = ['first', 'oauth2-proxy', 'oidc-authz'].map((name) => ({ name, port: 80 }));
    const kyma = [
      {
        ...object('operator.kyma-project.io/v1alpha2', 'Istio', 'default', {
          config: { authorizers: entries },
        }),
        metadata: { name: 'default', namespace: 'kyma-system' },
      },
    ];
    const { url } = await startCluster([
      {
        group: 'operator.kyma-project.io',
        version: 'v1alpha2',
        plural: 'istios',
        kind: 'Istio',
        objects: kyma,
      },
    ]);
    const block = shell.find((text) => text.includes('index=$(')) ?? '';
    const lines = block
      .split('\n')
      .filter((line) => /^(index=|kubectl --namespace kyma-system patch)/.test(line));
    await run(
      url,
      lines.join('\n').replaceAll('get istio ', 'get istios ').replaceAll('patch istio ', 'patch istios '),
    );
    expect(entries.map(({ name }) => name)).toEqual(['first', 'oidc-authz']);
  });
});
