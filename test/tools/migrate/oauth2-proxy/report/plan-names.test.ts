/** The plan uses the names of the installation, and saves what restores it. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { migrateInstallation } from '../../../../../src/tools/migrate/oauth2-proxy/migrate.ts';
import { read } from '../read-inputs.ts';

const settings = {
  'oidc-issuer-url': 'https://id.example',
  'client-id': 'web',
  'email-domain': '*',
  provider: 'oidc',
  'skip-jwt-bearer-tokens': 'true',
  'force-json-errors': 'true',
  upstream: 'static://200',
};

function planOf(...objects: readonly object[]): { text: string; shell: string; authorizer: string } {
  const text = objects.map((object) => JSON.stringify(object)).join('\n---\n');
  const { output, report } = migrateInstallation(read({ files: { 'all.yaml': `${text}\n` } }), {
    output: 'plan',
    accept: [],
  });
  expect(output, report).not.toBe('');
  const blocks = (language: string) =>
    [...output.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
      ([, block = '']) => block,
    );
  const shell = blocks('sh').join('\n');
  // A shell parses all of it as commands.
  execFileSync('sh', ['-n'], { input: shell });
  const [, , trial = ''] = blocks('yaml');
  return { text: output, shell, authorizer: parse(trial).config.shadow.authorizer };
}

const deployment = (metadata: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'sso-gate', namespace: 'sso', ...metadata },
  spec: {
    selector: { matchLabels: { app: 'gate' } },
    template: {
      metadata: { labels: { app: 'gate', tier: 'edge' } },
      spec: {
        containers: [
          {
            name: 'oauth2-proxy',
            args: Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
          },
        ],
      },
    },
  },
});
const service = (name: string, selector: object, port: number, namespace = 'sso') => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { selector, ports: [{ port }] },
});

describe('a plan for a workload', () => {
  test('restores manifests if it is not a Helm release', () => {
    const { shell, authorizer, text } = planOf(
      deployment(),
      service('other', { app: 'other' }, 81),
      service('gate-http', { app: 'gate' }, 4180),
      service('elsewhere', { app: 'gate' }, 82, 'other'),
    );
    expect(shell).toContain(
      '{ kubectl --namespace sso get deployment.apps/sso-gate --output yaml; echo ---; kubectl --namespace sso get services,configmaps,secrets --output yaml; } > before.yaml',
    );
    expect(shell).toContain('kubectl --namespace sso delete deployment.apps/sso-gate');
    expect(shell).toContain('kubectl --namespace sso apply --filename before.yaml');
    expect(shell).not.toMatch(/^helm .*(get values|uninstall|install \S+ CHART)/m);
    expect(shell).not.toContain('--namespace oauth2-proxy');
    expect(authorizer).toBe('http://gate-http.sso.svc.cluster.local:4180');
    expect(text).toContain('The commands are for `deployment.apps/sso-gate` in the namespace `sso`.');
  });

  test.each([
    { annotations: { 'meta.helm.sh/release-name': 'edge' } },
    { labels: { 'app.kubernetes.io/managed-by': 'Helm', 'app.kubernetes.io/instance': 'edge' } },
  ])('restores the values of the release if Helm made it: %j', (metadata) => {
    const { shell, authorizer } = planOf(deployment(metadata));
    expect(shell).toContain('helm --namespace sso get values edge --output yaml > values.oauth2-proxy.yaml');
    expect(shell).toContain('helm --namespace sso uninstall edge');
    expect(authorizer).toBe('http://sso-gate.sso.svc.cluster.local');
  });

  test('uses no namespace if none is known', () => {
    const { shell, text } = planOf(deployment({ namespace: undefined }));
    expect(shell).toContain('kubectl delete deployment.apps/sso-gate');
    expect(text).toContain('No file contains its namespace');
  });

  test('uses the usual names if its name is not valid in a cluster', () => {
    const { shell } = planOf(deployment({ name: "x; rm -rf '$HOME'" }));
    expect(shell).not.toContain('rm -rf');
    expect(shell).toContain('helm --namespace oauth2-proxy get values oauth2-proxy');
  });
});

describe('a plan for a HelmRelease', () => {
  const release = (spec: object) => ({
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'gate', namespace: 'flux' },
    spec: { chart: { spec: { chart: 'oauth2-proxy' } }, values: { extraArgs: settings }, ...spec },
  });

  test.each([
    [{}, 'flux', 'gate', 'gate-oauth2-proxy'],
    [{ targetNamespace: 'sso' }, 'sso', 'sso-gate', 'sso-gate-oauth2-proxy'],
    [
      { targetNamespace: 'sso', releaseName: 'oauth2-proxy-edge' },
      'sso',
      'oauth2-proxy-edge',
      'oauth2-proxy-edge',
    ],
  ])('names the release with %j', (spec, namespace, name, host) => {
    const { shell, authorizer } = planOf(release(spec));
    expect(shell).toContain(`helm --namespace ${namespace} get values ${name} --output yaml`);
    expect(shell).toContain(
      'kubectl --namespace flux get helmrelease.helm.toolkit.fluxcd.io/gate --output yaml',
    );
    expect(shell).toContain('kubectl --namespace flux delete helmrelease.helm.toolkit.fluxcd.io/gate');
    // Flux would install it again.
    expect(shell).not.toContain('uninstall');
    expect(authorizer).toBe(`http://${host}.${namespace}.svc.cluster.local`);
  });
});

test('names no release for an Application of Argo CD', () => {
  const { shell, authorizer } = planOf({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'gate', namespace: 'argocd' },
    spec: {
      destination: { namespace: 'sso' },
      source: {
        chart: 'oauth2-proxy',
        helm: { valuesObject: { extraArgs: settings, fullnameOverride: 'front' } },
      },
    },
  });
  expect(shell).toContain('kubectl --namespace argocd get application.argoproj.io/gate --output yaml');
  expect(shell).toContain('kubectl --namespace argocd delete application.argoproj.io/gate');
  expect(shell).not.toMatch(/^helm .*oauth2-proxy.yaml/m);
  expect(authorizer).toBe('http://front.sso.svc.cluster.local');
});
