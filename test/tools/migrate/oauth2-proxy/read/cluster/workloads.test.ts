// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how an alpha configuration writes variables
import { describe, expect, test } from 'vitest';
import { findingsOf, problemsOf, read, sourcesOf, valuesOf } from '../../read-inputs.ts';

const deployment = (container: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: proxy}
spec:
  template:
    spec:
      containers:
      - {name: sidecar, image: envoy, args: [--nope=S3CRET]}
      - name: main
        image: quay.io/oauth2-proxy/oauth2-proxy:v7.15.3
${container.replaceAll(/^/gm, '        ')}
`;

const manifest = (text: string) => ({ files: { 'all.yaml': text } });

describe('a workload', () => {
  test('has its command line in command and args, with variables replaced', () => {
    const text = deployment(`command: [/bin/oauth2-proxy, --provider=oidc]
args:
- --oidc-issuer-url=$(ISSUER)
- --scope
- a $$(X)
env:
- {name: HOST, value: i.example.com}
- {name: ISSUER, value: "https://$(HOST)"}
- {name: OAUTH2_PROXY_CLIENT_ID, value: app}`);
    expect(valuesOf(manifest(text))).toEqual({
      provider: 'oidc',
      'oidc-issuer-url': 'https://i.example.com',
      scope: 'a $(X)',
      'client-id': 'app',
    });
    expect(sourcesOf(manifest(text))).toMatchObject({
      'oidc-issuer-url': 'all.yaml:13:11 args',
      'client-id': 'all.yaml:19:11 env OAUTH2_PROXY_CLIENT_ID',
    });
  });

  test('uses ConfigMaps and Secrets from any file', () => {
    const text =
      deployment(`args: [--config=/etc/oauth2_proxy/oauth2_proxy.cfg, --authenticated-emails-file=/etc/oauth2_proxy/who]
volumeMounts:
- {name: cfg, mountPath: /etc/oauth2_proxy}
envFrom:
- {configMapRef: {name: more}, prefix: OAUTH2_PROXY_}
env:
- {name: OAUTH2_PROXY_CLIENT_ID, valueFrom: {secretKeyRef: {name: creds, key: id}}}
- {name: OAUTH2_PROXY_COOKIE_SECRET, valueFrom: {secretKeyRef: {name: creds, key: cookie}}}`);
    const list = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'creds' },
          data: { id: 'YXBw', cookie: 'UzNDUkVU' },
        },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'more' }, data: { SCOPE: 'openid' } },
      ],
    });
    const config =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cfg}\ndata:\n  oauth2_proxy.cfg: |\n    email_domains = ["*"]\n  nginx.conf: "a = 1"\n  who: a@example.com\n';
    const volumes = '      volumes: [{name: cfg, configMap: {name: cfg}}]\n';
    const files = { 'list.json': list, 'all.yaml': `---\n# made\n${config}---\n${text}${volumes}` };
    expect(valuesOf({ files })).toEqual({
      'client-id': 'app',
      'cookie-secret': '(not stored)',
      scope: 'openid',
      'email-domain': ['*'],
      'authenticated-emails-file': '/etc/oauth2_proxy/who',
    });
    expect(findingsOf({ files }).filter((line) => line.includes('refused'))).toEqual([
      'ConfigMap/cfg:nginx.conf (all.yaml:9:3 ConfigMap cfg) refused: it is not read: no setting of oauth2-proxy names it',
    ]);
    expect(sourcesOf({ files })['email-domain']).toBe('all.yaml:7:3 ConfigMap cfg oauth2_proxy.cfg:1:1');
    expect(sourcesOf({ files })['client-id']).toBe('all.yaml:28:11 env OAUTH2_PROXY_CLIENT_ID');
    expect(read({ files }).authenticatedEmails).toEqual(['a@example.com']);
  });

  test('refuses unknown values, except secrets and values of flags', () => {
    const text = deployment(`args: ["--scope=$(UNKNOWN)"]
env:
- {name: OAUTH2_PROXY_CLIENT_ID, valueFrom: {secretKeyRef: {name: creds, key: id}}}
- {name: OAUTH2_PROXY_PROVIDER, valueFrom: {secretKeyRef: {name: creds, key: p}}}
- {name: OAUTH2_PROXY_COOKIE_SECRET, valueFrom: {secretKeyRef: {name: creds, key: cookie}}}`);
    const inputs = { ...manifest(text), flags: ['--provider=oidc'] };
    expect(valuesOf(inputs)).toEqual({ provider: 'oidc', 'cookie-secret': '(not stored)' });
    expect(findingsOf(inputs)).toEqual([
      expect.stringMatching(/^Deployment\/proxy .* meaningless: /),
      expect.stringMatching(/^container\/sidecar .* meaningless: it runs another program/),
      'client-id (all.yaml:13:11 env OAUTH2_PROXY_CLIENT_ID) refused: its value is the key `id` of the Secret creds, which is not among the files; pass that as well (`kubectl get secret creds --output yaml`), or pass the value as a flag after `--`',
      'provider (all.yaml:14:11 env OAUTH2_PROXY_PROVIDER) meaningless: flag --provider overrides it',
      'scope (all.yaml:11:16 args) refused: the variable UNKNOWN is not set here; set it in the environment of this command',
    ]);
  });

  test('may have its alpha configuration in a Secret', () => {
    const alpha = Buffer.from('providers:\n- clientID: ${ID}\n').toString('base64');
    const secret = `---\napiVersion: v1\nkind: Secret\nmetadata: {name: alpha}\ndata: {oauth2_proxy.yml: ${alpha}}\n`;
    const text = deployment(
      'args: [--alpha-config=/etc/alpha/oauth2_proxy.yml]\nenv: [{name: ID, value: app}]\nvolumeMounts: [{name: a, mountPath: /etc/alpha}]',
    );
    expect(
      valuesOf(manifest(`${text}      volumes: [{name: a, secret: {secretName: alpha}}]\n${secret}`)),
    ).toEqual({ 'client-id': 'app' });
  });

  test.each([
    [
      deployment('args: [--config=/etc/o.cfg]'),
      '--config (all.yaml:11:16 args): it names /etc/o.cfg, which is not among the files; pass it as well',
    ],
    [
      deployment('args: [--emial-domain=S3CRET]'),
      '--emial-domain (all.yaml:11:16 args): unknown flag; did you mean --email-domain?',
    ],
    [
      deployment('command: [sh, -c, S3CRET]'),
      'command (all.yaml:11:19): it does not start oauth2-proxy; pass the flags after `--`',
    ],
    [
      `${deployment('args: []')}---\n${deployment('args: [--scope=a]')}`,
      ' (all.yaml:21:9): second installation of oauth2-proxy; the first is at all.yaml:9:9; pass the files of one installation at a time',
    ],
    [
      'apiVersion: v1\nkind: Service\nmetadata: {name: S3CRET}\n',
      ' (all.yaml): no container runs oauth2-proxy, and no ConfigMap or Secret contains its configuration',
    ],
  ])('reports a problem: case %#', (text, problem) => {
    expect(problemsOf(manifest(text))).toEqual([problem]);
  });
});

describe('a pod', () => {
  const pod = (name: string, containers: string, more = '') =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}${more}}\nspec:\n  containers: [${containers}]\n`;
  const proxy = '{name: main, image: "quay.io/oauth2-proxy/oauth2-proxy:v7", args: [--scope=a]}';

  test('may have other containers with oauth2-proxy in their name', () => {
    const text = pod('a', `{name: wait-for-oauth2-proxy, image: busybox, args: [sleep]}, ${proxy}`);
    expect(valuesOf(manifest(text))).toEqual({ scope: 'a' });
    expect(findingsOf(manifest(text)).join()).toContain('container/wait-for-oauth2-proxy');
  });

  test('that only tests the release is not an installation', () => {
    const hook = ', annotations: {helm.sh/hook: test}';
    const text = `${pod('a', proxy)}---\n${pod('oauth2-proxy-test', '{name: oauth2-proxy-test, image: busybox}', hook)}`;
    expect(valuesOf(manifest(text))).toEqual({ scope: 'a' });
    expect(findingsOf(manifest(text)).join('\n')).toMatch(
      /^Pod\/oauth2-proxy-test .*meaningless: it is a test/m,
    );
  });

  test('without oauth2-proxy is reported with its containers', () => {
    const text = `${pod('a', proxy)}---\n${pod('b', '{name: web, image: nginx}')}`;
    expect(findingsOf(manifest(text)).join('\n')).toMatch(/^Pod\/b .*refused: it is not read: .*\n?/m);
  });

  test('uses the ConfigMap of its own namespace', () => {
    const map = (namespace: string, scope: string) =>
      `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: ${namespace}}\ndata: {OAUTH2_PROXY_SCOPE: ${scope}}\n`;
    const container =
      '{name: oauth2-proxy, image: "quay.io/oauth2-proxy/oauth2-proxy", envFrom: [{configMapRef: {name: c}}]}';
    const text = pod('a', container, ', namespace: edge') + map('edge', 'own') + map('staging', 'other');
    expect(valuesOf(manifest(text))).toEqual({ scope: 'own' });
    expect(findingsOf(manifest(text)).join('\n')).toMatch(/^ConfigMap\/c .*refused: it is not read/m);
  });
});
