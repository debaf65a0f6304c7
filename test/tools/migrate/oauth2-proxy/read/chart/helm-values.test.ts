import { describe, expect, test } from 'vitest';
import { findingsOf, problemsOf, read, sourcesOf, valuesOf } from '../../read-inputs.ts';

const values = (text: string) => ({ files: { 'values.yaml': text } });

/** The flags that the chart always sets. */
const ofChart = {
  'email-domain': ['*'],
  upstream: ['file:///dev/null'],
  'http-address': '0.0.0.0:4180',
  'https-address': '0.0.0.0:4443',
  'metrics-address': '0.0.0.0:44180',
};

describe('the values of the chart', () => {
  test('are read as in the guide of Kyma', () => {
    const text = `config:
  clientID: app
  clientSecret: S3CRET
  cookieName: ""
  cookieSecret: S3CRET

extraArgs:
  cookie-domain: "example.com"
  cookie-secure: false
  force-json-errors: true
  oidc-issuer-url: https://issuer.example.com
  provider: oidc
  scope: "a b"
  skip-jwt-bearer-tokens: true
  upstream: static://200
  whitelist-domain: "*.example.com:*"
`;
    expect(valuesOf(values(text))).toEqual({
      ...ofChart,
      'client-id': 'app',
      'client-secret': '(not stored)',
      'cookie-secret': '(not stored)',
      'cookie-domain': ['example.com'],
      'cookie-secure': false,
      'force-json-errors': true,
      'oidc-issuer-url': 'https://issuer.example.com',
      provider: 'oidc',
      scope: 'a b',
      'skip-jwt-bearer-tokens': true,
      upstream: ['static://200'],
      'whitelist-domain': ['*.example.com:*'],
    });
    expect(sourcesOf(values(text))).toMatchObject({
      'client-id': 'values.yaml:2:3 config.clientID',
      'email-domain': "the chart's default",
      upstream: 'values.yaml:15:3 extraArgs',
    });
    expect(findingsOf(values(text))).toEqual([]);
  });

  test('keep their line numbers in the output of `helm get values`', () => {
    const text = 'USER-SUPPLIED VALUES:\nextraArgs:\n  scope: a\n';
    expect(sourcesOf({ files: { dump: text } }).scope).toBe('dump:3:3 extraArgs');
  });

  test('with all defaults count only if they are enabled', () => {
    const text = `COMPUTED VALUES:
config:
  clientID: XXXXXXX
  clientSecret: XXXXXXXX
  cookieSecret: XXXXXXXXXXXXXXXX
  configFile: ""
  existingConfig: null
  emailDomains: ["*"]
extraArgs: {}
replicaCount: 1
resources: {}
ingress: {enabled: true}
service: {portNumber: 80}
`;
    expect(valuesOf(values(text))).toEqual(ofChart);
    expect(findingsOf(values(text))).toEqual([
      'ingress (values.yaml:12:1) meaningless: Envoy calls oidc-authz inside the cluster, so no entry from outside is needed',
      'values (values.yaml) meaningless: they are empty, disabled, or only set how pods run: replicaCount, resources, service',
    ]);
  });

  test('of a parent chart are below the name of the dependency', () => {
    const text = 'other: 1\noauth2-proxy:\n  extraArgs:\n    scope: a\n';
    expect(valuesOf(values(text))).toEqual({ ...ofChart, scope: 'a' });
    expect(sourcesOf(values(text)).scope).toBe('values.yaml:4:5 extraArgs');
  });

  test('without metrics set no address for them', () => {
    expect(valuesOf(values('metrics: {enabled: false}\nextraArgs: {}\n'))).not.toHaveProperty(
      'metrics-address',
    );
  });
});

describe('extraArgs', () => {
  test('as a mapping may have empty values, numbers and quotes', () => {
    const text = `extraArgs:
  set-xauthrequest:
  cookie-expire: "1h"
  logging-max-age: 7
  reverse-proxy: yes
  banner: ""
`;
    expect(valuesOf(values(text))).toMatchObject({
      'set-xauthrequest': true,
      'cookie-expire': '1h',
      'logging-max-age': '7',
      'reverse-proxy': true,
      banner: '',
    });
  });

  test('as a mapping refuses a list, without printing a secret', () => {
    const text = `extraArgs:
  skip-auth-route: ["GET=^/a{1,2}$", "^/b"]
  client-secret: [hush]
`;
    const found = findingsOf(values(text));
    expect(found).toEqual([
      expect.stringMatching(/^extraArgs.client-secret .* refused: .*`--client-secret=\[…\]`/),
      expect.stringMatching(/^extraArgs.skip-auth-route .* refused: .*`--skip-auth-route=\[GET=.* \^\/b\]`/),
    ]);
    expect(found.join()).not.toContain('hush');
  });

  test('may name a configuration file, which depends on the version of the chart', () => {
    const text = 'config: {configFile: ""}\nextraArgs: {config: /etc/other.cfg}\n';
    expect(findingsOf(values(text))).toEqual([expect.stringMatching(/^config .* refused: in some versions/)]);
  });

  test('come after the command of the image', () => {
    const command = (words: string) => `image: {command: [${words}]}\nextraArgs: {scope: a}\n`;
    expect(valuesOf(values(command('/bin/oauth2-proxy, --allowed-group=g')))).toMatchObject({
      'allowed-group': ['g'],
      scope: 'a',
    });
    expect(problemsOf(values(command('/bin/sh, -c, oauth2-proxy')))).toEqual([
      expect.stringContaining('it does not start oauth2-proxy'),
    ]);
  });

  test('without a value take the next flag as the value, in the order of the chart', () => {
    expect(valuesOf(values('extraArgs: {scope: null, reverse-proxy: true, set-xauthrequest: true}'))).toEqual(
      {
        ...ofChart,
        'reverse-proxy': true,
        scope: '--set-xauthrequest=true',
      },
    );
  });

  test('as a list are words', () => {
    const text =
      'extraArgs:\n- --scope=a\n- --provider\n- oidc\n- --allowed-group=a\n- --allowed-group=b\n- provider=x\n- --reverse-proxy\n';
    expect(valuesOf(values(text))).toMatchObject({
      scope: 'a',
      provider: 'oidc',
      'allowed-group': ['a', 'b'],
      'reverse-proxy': true,
    });
    expect(findingsOf(values(text))).toEqual([
      'provider (values.yaml:7:3 extraArgs) meaningless: oauth2-proxy ignores a word without hyphens; to set it, write --provider',
    ]);
  });

  test('that Helm renders are refused', () => {
    const text = 'extraArgs:\n  oidc-issuer-url: "https://{{ .Values.host }}"\n';
    expect(valuesOf(values(text))).toEqual(ofChart);
    expect(findingsOf(values(text))).toEqual([
      'oidc-issuer-url (values.yaml:2:3 extraArgs) refused: it is a Helm template, which is not rendered here; pass the output of `helm template`',
    ]);
  });

  test.each([
    [
      'extraArgs: {emial-domain: S3CRET}',
      '--emial-domain (values.yaml:1:13 extraArgs): unknown flag; did you mean --email-domain?',
    ],
    ['extraArgs: {scope: {a: S3CRET}}', 'extraArgs.scope (values.yaml:1:13): expected a value'],
    [
      'extraArgs: {oidc-issuer-url: {OIDC_ISSUER_URL}}',
      'extraArgs.oidc-issuer-url (values.yaml:1:13): {OIDC_ISSUER_URL} is a placeholder; replace it with its value',
    ],
    ['extraArgs: S3CRET', 'extraArgs (values.yaml:1:1): expected a mapping of flags, or a list of them'],
    [
      'extraArgs: {client-id: 12345678901234567890}',
      'extraArgs.client-id (values.yaml:1:13): put quotes around a number this long',
    ],
    [
      'extraArgs: {config: /etc/o.cfg}\nconfig: {forceLegacyConfig: false}',
      '--config (values.yaml:1:13 extraArgs): it names /etc/o.cfg, which is not among the files; pass it as well',
    ],
  ])('reports %s', (text, problem) => {
    expect(problemsOf(values(text))).toEqual([problem]);
  });
});

describe('config', () => {
  test('contains a file that replaces the one of the chart', () => {
    const text = 'config:\n  configFile: |-\n    upstreams = [ "static://200" ]\n    zzzzzzzz = "S3CRET"\n';
    expect(problemsOf(values(text))).toEqual([
      'zzzzzzzz (values.yaml:2:3 config.configFile:2:1): unknown key',
    ]);
    const right = text.replace('zzzzzzzz', 'scope');
    expect(valuesOf(values(right))).toMatchObject({ upstream: ['static://200'], scope: 'S3CRET' });
    expect(valuesOf(values(right))).not.toHaveProperty('email-domain');
  });

  test('refuses the values of a file that Helm renders', () => {
    const text = 'config:\n  configFile: |-\n    scope = "{{ .Values.scope }}"\n    provider = "oidc"\n';
    expect(valuesOf(values(text))).toMatchObject({ provider: 'oidc' });
    expect(findingsOf(values(text))).toEqual([expect.stringContaining('refused: it is a Helm template')]);
    const broken = 'config:\n  configFile: |-\n    scope = {{ .Values.scope | quote }}\n';
    expect(problemsOf(values(broken))).toEqual([
      expect.stringContaining('not valid TOML before Helm renders it; pass the output of `helm template`'),
    ]);
  });

  test('has lists for the file that the chart makes', () => {
    const text = 'config:\n  emailDomains: [example.com]\n  upstreams: ["static://200"]\n';
    expect(valuesOf(values(text))).toMatchObject({
      'email-domain': ['example.com'],
      upstream: ['static://200'],
    });
    expect(sourcesOf(values(text))['email-domain']).toBe('values.yaml:2:3 config.emailDomains');
  });

  test('may name a file in the cluster, which is requested', () => {
    const text = 'config: {existingConfig: other}\n';
    expect(findingsOf(values(text))).toEqual([
      'config.existingConfig (values.yaml:1:10) refused: it names a configuration in the cluster that is not among the files; pass that as well',
    ]);
    const files = { 'values.yaml': text, 'o.cfg': 'scope = "a"\n' };
    expect(findingsOf({ files })).toEqual([]);
    expect(valuesOf({ files })).toMatchObject({ scope: 'a' });
    expect(valuesOf({ files })).not.toHaveProperty('email-domain');
  });

  test('may name a Secret, which is used if it is in the input', () => {
    const text = 'config: {existingSecret: creds, clientID: unused}\n';
    expect(valuesOf(values(text))).not.toHaveProperty('client-id');
    expect(findingsOf(values(text))).toEqual([
      expect.stringMatching(/^config\.clientID .* meaningless: the chart of oauth2-proxy ignores it/),
      expect.stringMatching(/^config\.existingSecret .* meaningless: /),
      expect.stringMatching(/^client-id .* refused: its value is the key `client-id` of the Secret creds/),
    ]);
    const secret =
      'apiVersion: v1\nkind: Secret\nmetadata: {name: creds}\ndata: {client-id: YXBw, client-secret: UzNDUkVU}\n';
    expect(valuesOf({ files: { 'values.yaml': text, 'secret.yaml': secret } })).toMatchObject({
      'client-id': 'app',
      'client-secret': '(not stored)',
    });
  });

  test('passes only the required keys', () => {
    const text = 'config: {clientID: app, cookieSecret: S3CRET, requiredSecretKeys: [cookie-secret]}\n';
    expect(valuesOf(values(text))).toMatchObject({ 'cookie-secret': '(not stored)' });
    expect(valuesOf(values(text))).not.toHaveProperty('client-id');
  });

  test('has texts as credentials', () => {
    expect(problemsOf(values('config: {clientID: [S3CRET]}\n'))).toEqual([
      'config.clientID (values.yaml:1:10): expected a text',
    ]);
  });

  test('of Google becomes flags', () => {
    const text =
      'config:\n  google: {adminEmail: a@example.com, serviceAccountJson: S3CRET, targetPrincipal: p, groups: [g, h]}\n';
    expect(valuesOf(values(text))).toMatchObject({
      'google-admin-email': 'a@example.com',
      'google-service-account-json': '/google/service-account.json',
      'google-target-principal': 'p',
      'google-group': ['g', 'h'],
    });
  });

  test('refuses unknown names', () => {
    expect(findingsOf(values('config: {clientId: S3CRET}\n'))).toEqual([
      'config.clientId (values.yaml:1:10) refused: it is not read: the chart of oauth2-proxy has no such value; did you mean clientID?',
    ]);
  });
});

describe('alphaConfig', () => {
  const text = `config: {clientID: app, clientSecret: S3CRET, emailDomains: [example.com]}
alphaConfig:
  enabled: true
  serverConfigData: {SecureBindAddress: ":8443"}
  configData:
    providers:
      - clientID: \${OAUTH2_PROXY_CLIENT_ID}
        oidcConfig: {issuerURL: "https://i.example.com", skipDiscovery: "\${SKIP:-true}"}
  configFile: |
    upstreamConfig:
      upstreams: [{id: a, path: /, static: true}]
    injectResponseHeaders:
      - {name: x, values: [{claim: email}]}
`;

  test('is combined from its parts, with the variables of the chart', () => {
    expect(valuesOf(values(text))).toEqual({
      'email-domain': ['example.com'],
      'http-address': '0.0.0.0:4180',
      'metrics-address': '0.0.0.0:44180',
      'https-address': ':8443',
      'client-id': 'app',
      'oidc-issuer-url': 'https://i.example.com',
      'skip-oidc-discovery': true,
      upstream: ['static://200'],
    });
    expect(read(values(text)).injectedHeaders).toHaveLength(1);
    expect(sourcesOf(values(text))).toMatchObject({
      'https-address': 'values.yaml:4:22 server.secureBindAddress',
      'oidc-issuer-url': 'values.yaml:8:22 providers[0].oidcConfig.issuerURL',
      upstream: 'values.yaml:9:3 alphaConfig.configFile:2:3 upstreamConfig.upstreams',
    });
    expect(findingsOf(values(text))).toEqual([
      expect.stringMatching(/^client-id .* meaningless: .*unless that refers to the variable$/),
      expect.stringMatching(/^client-secret .* meaningless: .*unless that refers to the variable$/),
    ]);
  });

  test('is ignored if it is not enabled, with a finding', () => {
    expect(findingsOf(values('alphaConfig: {enabled: false, configData: {providers: []}}\n'))).toEqual([
      'alphaConfig.configData (values.yaml:1:31) meaningless: the chart of oauth2-proxy ignores it without `alphaConfig.enabled: true`',
    ]);
  });

  test('may be in the cluster, and is then requested', () => {
    const named = 'alphaConfig: {enabled: true, existingSecret: s}\n';
    expect(findingsOf(values(named))).toEqual([
      expect.stringMatching(
        /^alphaConfig\.existingSecret \(values\.yaml:1:30\) refused: it names a configuration/,
      ),
    ]);
    const files = { 'values.yaml': named, 'alpha.yaml': 'providers: [{clientID: a}]\n' };
    expect(findingsOf({ files })).toEqual([]);
    expect(valuesOf({ files })).toMatchObject({ 'client-id': 'a' });
  });

  test('replaces a configuration file that is not forced', () => {
    const both =
      'alphaConfig: {enabled: true, configData: {providers: []}}\nconfig: {configFile: "scope = \\"a\\"", forceLegacyConfig: false}\n';
    expect(valuesOf(values(both))).not.toHaveProperty('scope');
    expect(findingsOf(values(both))).toEqual([
      expect.stringMatching(/^config\.configFile .* meaningless: the chart of oauth2-proxy ignores it with/),
    ]);
  });
});

describe('other values', () => {
  test('may be variables', () => {
    const text = `extraEnv:
- {name: OAUTH2_PROXY_SCOPE, value: a}
- {name: OAUTH2_PROXY_COOKIE_SECRET, valueFrom: {secretKeyRef: {name: s, key: k}}}
- {name: OAUTH2_PROXY_PROVIDER, valueFrom: {configMapKeyRef: {name: c, key: k}}}
- {name: OAUTH2_PROXY_BANNER, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
envFrom:
- secretRef: {name: more}
`;
    expect(valuesOf(values(text))).toMatchObject({ scope: 'a', 'cookie-secret': '(not stored)' });
    expect(findingsOf(values(text))).toEqual([
      'envFrom (values.yaml:7:3) refused: it may set any variable, and the Secret more is not among the files; pass it as well',
      'provider (values.yaml:4:3 extraEnv OAUTH2_PROXY_PROVIDER) refused: its value is the key `k` of the ConfigMap c, which is not among the files; pass that as well (`kubectl get configmap c --output yaml`), or pass the value as a flag after `--`',
      'banner (values.yaml:5:3 extraEnv OAUTH2_PROXY_BANNER) refused: its value exists only in a running pod; pass it as a flag after `--`',
    ]);
  });

  test('may contain email addresses', () => {
    const text =
      'authenticatedEmailsFile:\n  enabled: true\n  restricted_access: |-\n    # us\n    A@example.com, x\n    "b@example.com",y\n';
    expect(read(values(text)).authenticatedEmails).toEqual(['a@example.com', 'b@example.com']);
    expect(valuesOf(values(text))).toMatchObject({
      'authenticated-emails-file': '/etc/oauth2-proxy/authenticated-emails-list',
    });
    expect(read(values(text.replace('true', 'false'))).authenticatedEmails).toBeUndefined();
  });

  test.each(['a@example.com, x\nb@example.com\n', 'a@example.com\n"b@example.com\n', 'a@"example.com\n'])(
    'refuse addresses that oauth2-proxy cannot parse: %j',
    (emails) => {
      const text = JSON.stringify({ authenticatedEmailsFile: { enabled: true, restricted_access: emails } });
      expect(read(values(text)).authenticatedEmails).toBeUndefined();
      expect(findingsOf(values(text))).toEqual([
        expect.stringMatching(
          /^authenticated-emails-file .* refused: its lines have different numbers of columns/,
        ),
      ]);
    },
  );

  test('refuse passwords, and pass on sessions in Redis', () => {
    const text = 'htpasswdFile: {enabled: true, entries: [S3CRET]}\nsessionStorage: {type: redis}\n';
    expect(valuesOf(values(text))).toMatchObject({ 'session-store-type': 'redis' });
    expect(findingsOf(values(text))).toEqual([
      'htpasswd-file (values.yaml:1:1 htpasswdFile) refused: it allows users with a password, and oidc-authz allows only tokens',
    ]);
  });

  test('that are not settings are reported once each, unless they are empty', () => {
    const text =
      'extraArgs: {}\nreplicaCount: 3\nextraVolumes: []\nautoscaling: {enabled: false}\nredis-ha: {enabled: true}\nextraContainers: [{}]\nreplicacount: 1\n';
    expect(findingsOf(values(text))).toEqual([
      'replicaCount (values.yaml:2:1) meaningless: the chart of oidc-authz has its own value `replicaCount`',
      'redis-ha (values.yaml:5:1) meaningless: the converted configuration has no sessions and needs no Redis',
      'extraContainers (values.yaml:6:1) meaningless: the chart of oidc-authz has no such value',
      'replicacount (values.yaml:7:1) refused: it is not read: the chart of oauth2-proxy has no such value; did you mean replicaCount?',
      'values (values.yaml) meaningless: they are empty, disabled, or only set how pods run: extraVolumes, autoscaling',
    ]);
  });
});
