/** Objects that do not affect access are not refused; similar objects that may restrict access are. */
import { describe, expect, test } from 'vitest';
import { findingsOf, valuesOf } from '../../read-inputs.ts';

const workload =
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gate, namespace: auth}\nspec: {template: {spec: {containers: [{name: oauth2-proxy, args: [--scope=openid]}]}}}\n';

function findingsWith(kind: string, apiVersion: string, more = 'spec: {}', metadata = ''): readonly string[] {
  const text = `${workload}---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x, namespace: auth${metadata}}\n${more}\n`;
  return findingsOf({ files: { 'all.yaml': text } }).filter((line) => line.startsWith(`${kind}/x `));
}

describe('an additional object', () => {
  test.each([
    ['ClusterRole', 'rbac.authorization.k8s.io/v1'],
    ['ClusterRoleBinding', 'rbac.authorization.k8s.io/v1'],
    ['Certificate', 'cert-manager.io/v1'],
    ['Issuer', 'cert-manager.io/v1'],
    ['ScaledObject', 'keda.sh/v1alpha1'],
    ['CustomResourceDefinition', 'apiextensions.k8s.io/v1'],
    ['IngressClass', 'networking.k8s.io/v1'],
    ['ImageStream', 'image.openshift.io/v1'],
    ['Route', 'route.openshift.io/v1'],
    ['SecretStore', 'external-secrets.io/v1'],
    ['Telemetry', 'telemetry.istio.io/v1'],
  ])('does not affect access: %s', (kind, apiVersion) => {
    expect(findingsWith(kind, apiVersion)).toEqual([expect.stringContaining(' meaningless: ')]);
  });

  test.each([
    ['Route', 'serving.knative.dev/v1'],
    ['Certificate', 'acme.example/v1'],
    ['Telemetry', 'other.example/v1'],
    ['PeerAuthentication', 'security.istio.io/v1'],
    ['EnvoyFilter', 'networking.istio.io/v1alpha3'],
    ['NetworkPolicy', 'networking.k8s.io/v1'],
  ])('may restrict access, or is unknown: %s of %s', (kind, apiVersion) => {
    expect(findingsWith(kind, apiVersion)).toEqual([expect.stringContaining(' refused: ')]);
  });

  test.each([
    ['nginx.ingress.kubernetes.io/limit-rps', 'meaningless'],
    ['nginx.ingress.kubernetes.io/limit-connections', 'meaningless'],
    ['nginx.ingress.kubernetes.io/limit-whitelist', 'meaningless'],
    ['haproxy.org/rate-limit-requests', 'meaningless'],
    ['haproxy.org/rate-limit-whitelist', 'meaningless'],
    ['nginx.ingress.kubernetes.io/whitelist-source-range', 'refused'],
    ['nginx.ingress.kubernetes.io/auth-url', 'refused'],
    ['nginx.ingress.kubernetes.io/configuration-snippet', 'refused'],
    ['traefik.ingress.kubernetes.io/router.middlewares', 'refused'],
    ['haproxy.org/deny-list', 'refused'],
    ['haproxy.org/allow-list', 'refused'],
  ])('of kind Ingress with the annotation %s is %s', (annotation, verdict) => {
    const metadata = `, annotations: {"${annotation}": "10"}`;
    expect(findingsWith('Ingress', 'networking.k8s.io/v1', 'spec: {}', metadata)).toEqual([
      expect.stringContaining(` ${verdict}: `),
    ]);
  });

  test('of kind Route restricts access if it lists source addresses', () => {
    const metadata = ', annotations: {haproxy.router.openshift.io/ip_whitelist: 10.0.0.0/8}';
    expect(findingsWith('Route', 'route.openshift.io/v1', 'spec: {}', metadata)).toEqual([
      expect.stringContaining(' refused: it is not read: its annotations'),
    ]);
  });

  test.each([
    ['ExternalSecret', 'external-secrets.io/v1', 'spec: {target: {name: made}}', 'made'],
    ['ExternalSecret', 'external-secrets.io/v1', 'spec: {}', 'x'],
    ['SealedSecret', 'bitnami.com/v1alpha1', 'spec: {template: {metadata: {name: made}}}', 'made'],
    [
      'SecretProviderClass',
      'secrets-store.csi.x-k8s.io/v1',
      'spec: {secretObjects: [{secretName: made}]}',
      'made',
    ],
  ])('that makes a Secret names it: %s, case %#', (kind, apiVersion, spec, name) => {
    expect(findingsWith(kind, apiVersion, spec)).toEqual([
      expect.stringContaining(`kubectl --namespace auth get secret ${name} --output yaml`),
    ]);
    const secret = `---\napiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: auth}\n`;
    expect(findingsWith(kind, apiVersion, `${spec}\n${secret}`)).toEqual([
      expect.stringContaining(`meaningless: it makes Secret/${name}, which is among the files`),
    ]);
  });
});

describe('values that are targets of YAML aliases', () => {
  const refusedOf = (...texts: string[]) =>
    findingsOf({ files: Object.fromEntries(texts.map((text, index) => [`${index}.yaml`, text])) })
      .filter((line) => line.includes(' refused: '))
      .map((line) => line.split(' ')[0]);

  test.each([
    'common: &common {scope: openid}\nextraArgs: {<<: *common, provider: oidc}\n',
    'x-common: {args: &args {scope: openid}, env: &env [{name: A, value: b}]}\nextraArgs: *args\nextraEnv: *env\n',
    'scope: &scope openid\nextraArgs: {scope: *scope}\n',
  ])('restrict nothing themselves: case %#', (text) => {
    expect(refusedOf(text)).toEqual([]);
    expect(valuesOf({ files: { 'v.yaml': text } })).toMatchObject({ scope: 'openid' });
  });

  test.each([
    ['common', 'common: &common {scope: openid}\nextraArgs: {provider: oidc}\n'],
    ['common', 'common: {args: &args {scope: openid}, allowedGroup: ops}\nextraArgs: *args\n'],
    ['guards', 'guards: {}\nmore: &more {}\nextraArgs: {provider: oidc}\nguards2: *more\n'],
  ])('are refused if a part of them has no alias: %s, case %#', (name, text) => {
    expect(refusedOf(text)).toContain(name);
  });

  test('are refused if another file adds to them', () => {
    const base = 'common: &common {scope: openid}\nextraArgs: {<<: *common}\n';
    expect(refusedOf(base, 'extraArgs: {provider: oidc}\n')).toEqual([]);
    expect(refusedOf(base, 'common: {allowed-group: ops}\n')).toEqual(['common']);
  });

  test('may be next to the values of a dependency', () => {
    const text =
      'common: &common {scope: openid}\nother: &other {a: b}\noauth2-proxy: {extraArgs: {<<: *common}, config: {clientID: a}}\n';
    expect(refusedOf(text)).toEqual(['other']);
  });
});

describe('docker compose', () => {
  test('only sets how services run, and has its own sections', () => {
    const text = `x-common: &common {restart: always, shm_size: 64m}
services:
  oauth2-proxy:
    <<: *common
    image: quay.io/oauth2-proxy/oauth2-proxy
    domainname: shop.example
    pids_limit: 100
    x-owner: ops
    command: [--scope=openid]
`;
    const refused = findingsOf({ files: { 'c.yaml': text } }).filter((line) => line.includes(' refused: '));
    expect(refused).toEqual([]);
  });
});

describe('an init program before oauth2-proxy', () => {
  const pod = (command: string, args: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: gate, image: own, command: ${command}, args: ${args}}]}\n`;

  test.each([
    ['[/sbin/tini, --, /bin/oauth2-proxy]', '[--scope=openid, --email-domain=a.example]'],
    ['[dumb-init, --single-child, --, oauth2-proxy, --scope=openid]', '[--email-domain=a.example]'],
    ['[/usr/bin/dumb-init, -r, "15:2", /bin/oauth2-proxy, --scope=openid]', '[--email-domain=a.example]'],
    ['[/sbin/tini, --]', '[/bin/oauth2-proxy, --scope=openid, --email-domain=a.example]'],
    ['[tini, -g, -s]', '[oauth2-proxy, --scope=openid, --email-domain=a.example]'],
    ['[oauth2-proxy, --scope, openid]', '[--email-domain=a.example]'],
  ])('is skipped in a pod: %s %s', (command, args) => {
    expect(valuesOf({ files: { 'p.yaml': pod(command, args) } })).toEqual({
      scope: 'openid',
      'email-domain': ['a.example'],
    });
  });

  test.each([
    ['[/sbin/tini, --, /bin/oauth2-proxy]', '[--scope=openid]'],
    ['[/sbin/tini, --]', '[/bin/oauth2-proxy, --scope=openid]'],
    ['[/sbin/tini, --, /bin/oauth2-proxy, --scope=openid]', '[]'],
    ['[/bin/oauth2-proxy]', '[oauth2-proxy, --scope=openid]'],
  ])('is skipped in docker compose: %s %s', (entrypoint, command) => {
    const text = `services: {gate: {image: oauth2-proxy, entrypoint: ${entrypoint}, command: ${command}}}\n`;
    expect(valuesOf({ files: { 'c.yaml': text } })).toEqual({ scope: 'openid' });
  });

  test('with another program is a problem', () => {
    expect(() => valuesOf({ files: { 'p.yaml': pod('[tini, --, sh, -c]', '[--scope=openid]') } })).toThrow();
    const shell = pod('[tini, --, sh, -c]', '[oauth2-proxy --email-domain=a]').replace(
      'name: gate',
      'name: oauth2-proxy',
    );
    expect(() => valuesOf({ files: { 'p.yaml': shell } })).toThrow('it does not start oauth2-proxy');
  });
});
