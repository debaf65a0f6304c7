// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how an alpha configuration writes variables
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../../../src/config/validate/problems.ts';
import { flags, variableName } from '../../../../../src/tools/migrate/oauth2-proxy/flags/flags.ts';
import { findingsOf, type Inputs, problemsOf, read, sourcesOf, valuesOf } from '../read-inputs.ts';

describe('with several sources', () => {
  const files = {
    'o.cfg': 'scope = "file"\nprovider = "file"\nallowed_groups = ["file"]\nbanner = "file"\n',
    'o.env':
      'OAUTH2_PROXY_SCOPE=variable\nOAUTH2_PROXY_PROVIDER=variable\nOAUTH2_PROXY_ALLOWED_GROUPS=variable\n',
  };
  const commandLine = ['--scope=flag', '--allowed-group=a', '--allowed-group=b'];

  test('a flag wins over a variable, which wins over the file', () => {
    expect(valuesOf({ files, flags: commandLine })).toEqual({
      scope: 'flag',
      provider: 'variable',
      'allowed-group': ['a', 'b'],
      banner: 'file',
    });
  });

  test('overridden settings are reported', () => {
    expect(findingsOf({ files, flags: commandLine })).toEqual([
      'scope (o.cfg:1:1) meaningless: flag --scope overrides it',
      'scope (o.env:1 OAUTH2_PROXY_SCOPE) meaningless: flag --scope overrides it',
      'provider (o.cfg:2:1) meaningless: o.env:2 OAUTH2_PROXY_PROVIDER overrides it',
      'allowed-group (o.cfg:3:1) meaningless: flag --allowed-group overrides it',
      'allowed-group (o.env:3 OAUTH2_PROXY_ALLOWED_GROUPS) meaningless: flag --allowed-group overrides it',
    ]);
  });

  test('an empty flag wins too, and an empty variable does not', () => {
    const environment = { OAUTH2_PROXY_PROVIDER: '' };
    expect(valuesOf({ files: { 'o.cfg': files['o.cfg'] }, flags: ['--scope='], environment })).toMatchObject({
      scope: '',
      provider: 'file',
    });
  });

  test('flags of the values come before those after `--`', () => {
    const values = { 'v.yaml': 'extraArgs: {allowed-group: a, scope: a}\n' };
    expect(valuesOf({ files: values, flags: ['--allowed-group=b', '--scope=b'] })).toMatchObject({
      'allowed-group': ['a', 'b'],
      scope: 'b',
    });
  });

  test('variables of the shell and unnamed variable files are refused if an installation is in the input', () => {
    const inputs: Inputs = {
      files: {
        'v.yaml': 'extraArgs: {scope: a}\n',
        'local-dev.env': 'OAUTH2_PROXY_EMAIL_DOMAINS=*\n',
      },
      environment: { OAUTH2_PROXY_CLIENT_ID: 'other' },
    };
    expect(valuesOf(inputs)).not.toHaveProperty('client-id');
    expect(valuesOf(inputs)['email-domain']).toEqual(['*']);
    expect(sourcesOf(inputs)['email-domain']).toBe("the chart's default");
    expect(findingsOf(inputs)).toEqual([
      expect.stringMatching(/^local-dev.env \(local-dev.env\) refused: it is not read/),
      expect.stringMatching(/^OAUTH2_PROXY_CLIENT_ID \(environment .*\) refused: it is not read/),
    ]);
  });

  test('the assumed default of an unset variable is refused', () => {
    const text = "providers:\n- {clientID: '${CLIENT:-a}', allowedGroups: ['${GROUP:+b}']}\n";
    const findingsFor = (more: Partial<Inputs>) =>
      findingsOf({
        files: { 'alpha.yaml': text, ...more.files },
        ...(more.shell && { shell: more.shell }),
      }).filter((line) => / refused: the default of /.test(line));
    expect(findingsFor({})).toHaveLength(2);
    expect(findingsFor({ shell: { CLIENT: 'c', GROUP: '' } })).toEqual([]);
    expect(findingsFor({ files: { 'gate.env': 'OAUTH2_PROXY_SCOPE=a\n' } })).toEqual([]);
  });

  test('all problems are reported at once', () => {
    const wrong: Inputs = {
      files: { 'v.yaml': 'extraArgs: {nope: 1}\n', 'what.txt': 'hello\n' },
      flags: ['--nope', '--reverse-proxy=x'],
    };
    expect(problemsOf(wrong)).toHaveLength(4);
  });

  test('no input makes no settings', () => {
    expect(read({})).toEqual({
      settings: new Map(),
      injectedHeaders: undefined,
      findings: [],
      authenticatedEmails: undefined,
      problems: [],
    });
  });
});

describe('the kind of a file depends on its content', () => {
  test.each([
    ['values', 'config: {clientID: a}\n', 'client-id'],
    ['a dump of values', 'USER-SUPPLIED VALUES:\nconfig:\n  clientID: a\n', 'client-id'],
    ['values as JSON', '{"config": {"clientID": "a"}}', 'client-id'],
    [
      'a manifest',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {client-id: YQ==}\n',
      'client-id',
    ],
    ['a configuration file', '# it\n\nclient_id = "a"\n', 'client-id'],
    ['an alpha configuration', '---\nproviders:\n- clientID: a\n', 'client-id'],
    ['an alpha configuration as JSON', '{"providers": [{"clientID": "a"}]}', 'client-id'],
    ['variables', 'export OAUTH2_PROXY_CLIENT_ID=a\n', 'client-id'],
  ])('%s', (_, text, flag) => {
    expect(valuesOf({ files: { file: text } })).toHaveProperty(flag, 'a');
  });

  test('addresses', () => {
    const files = { 'here/emails': '# us\nA@example.com\n' };
    const flags = ['--authenticated-emails-file=/etc/emails'];
    expect(read({ files, flags }).authenticatedEmails).toEqual(['a@example.com']);
  });

  test.each([[[]], [['--authenticated-emails-file=/etc/others']]])(
    'refuses addresses that no setting names, with %j',
    (flags) => {
      const inputs = { files: { emails: 'a@example.com\n' }, flags };
      expect(read(inputs).authenticatedEmails).toBeUndefined();
      expect(findingsOf(inputs)).toContainEqual(
        expect.stringMatching(/^emails .* refused: it is not read: no setting/),
      );
    },
  );

  test.each([
    [
      'o.service',
      '[Unit]\nDescription=x\n[Service]\nExecStart=/bin/oauth2-proxy --scope=S3CRET\n',
      'a systemd unit',
    ],
    ['file', '# it\n[Container]\nImage=oauth2-proxy\nExec=--scope=S3CRET\n', 'a systemd unit'],
    ['start.sh', '#!/bin/sh\nA=S3CRET\nexec oauth2-proxy --scope="$A"\n', 'a shell script'],
    ['start.sh', 'export OAUTH2_PROXY_SCOPE=S3CRET\nexec oauth2-proxy --provider=oidc\n', 'a shell script'],
    ['run', '#!/usr/bin/env bash\nset -eu\noauth2-proxy "$@"\n', 'a shell script'],
    ['run', 'A=S3CRET\n/bin/oauth2-proxy \\\n  --scope=a\n', 'a shell script'],
  ])('rejects %s with %j, and says what to pass instead', (name, text, what) => {
    expect(problemsOf({ files: { [name]: text } })).toEqual([
      ` (${name}): ${what} cannot be read; pass the flags of oauth2-proxy after \`--\`, its variables as a file with lines such as \`OAUTH2_PROXY_SCOPE=openid\`, and its configuration file unchanged`,
    ]);
  });

  test('reads a script that only sets variables as a variable file', () => {
    expect(valuesOf({ files: { 'env.sh': '#!/bin/sh\nexport OAUTH2_PROXY_SCOPE=a\n' } })).toEqual({
      scope: 'a',
    });
  });

  test.each(['hello\n', '- a\n- b\n', 'a: 1\n', '{}', '%PDF-1.4 \u0000S3CRET', 'x: [', 'a: b: c\n'])(
    'rejects %j with a list of the supported kinds',
    (text) => {
      expect(problemsOf({ files: { file: text } })).toEqual([
        expect.stringMatching(
          /^ \(file\): .*its Helm chart.*manifests.*TOML.*alpha.*OAUTH2_PROXY_.*addresses/,
        ),
      ]);
    },
  );

  test('rejects an empty file', () => {
    expect(problemsOf({ files: { file: ' \n' } })).toEqual([' (file): the file is empty']);
  });
});

describe('a secret', () => {
  const secret = 'S3CRET-8f2';
  const everywhere: Inputs = {
    files: {
      'values.yaml': `config: {clientSecret: ${secret}, cookieSecret: ${secret}, google: {serviceAccountJson: ${secret}}}
extraEnv: [{name: OAUTH2_PROXY_REDIS_PASSWORD, value: ${secret}}, {name: OTHER, value: ${secret}}, {name: OAUTH2_PROXY_OTHER, value: ${secret}}]
extraArgs: {signature-key: "sha256:${secret}", redis-connection-url: "redis://u:${secret}@r"}
htpasswdFile: {enabled: true, entries: ["u:${secret}"]}
redis: {enabled: true, auth: ${secret}}
nothing-like-it: ${secret}
`,
      'o.cfg': `basic_auth_password = "${secret}"\ngithub_token = "${secret}"\nredis_sentinel_connection_urls = ["redis://:${secret}@r"]\n`,
      'o.env': `OAUTH2_PROXY_COOKIE_SECRET=${secret}\nOAUTH2_PROXY_NOPE=${secret}\n`,
      's.yaml': `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {client-secret: ${btoa(secret)}, other: ${btoa(secret)}}\n`,
    },
    flags: ['--jwt-key', secret, '--client-secret', `-${secret}`, secret],
    environment: { OAUTH2_PROXY_CLIENT_SECRET: secret, OAUTH2_PROXY_UNKNOWN: secret, TOKEN: secret },
  };

  test('is not in the settings or findings', () => {
    const installation = read(everywhere);
    expect(installation.settings.size).toBeGreaterThan(10);
    expect(installation.findings.length).toBeGreaterThan(5);
    const all = JSON.stringify([
      [...installation.settings],
      installation.findings,
      installation.injectedHeaders,
    ]);
    expect(all).not.toContain(secret);
    expect(all).not.toContain(btoa(secret));
  });

  test('is not in the problems', () => {
    const wrong: Inputs = {
      ...everywhere,
      files: {
        ...everywhere.files,
        'bad.cfg': `client_secret = "${secret}\n`,
        'bad.yaml': `config:\n  clientSecret: "${secret}\n  cookieSecret: *${secret}\n`,
        'worse.yaml': `config: {clientSecret: !${secret} x, a: ${secret}: ${secret}\n`,
        'alpha.yaml':
          `providers: [{clientSecret: [${secret}], ${secret}: 1, oidcConfig: ${secret}}]\n`.replace(
            `, ${secret}: 1`,
            '',
          ),
        'text.txt': `${secret}\n`,
        'bad.env': `${secret}\n`,
      },
      flags: [...(everywhere.flags ?? []), `--client-secrt=${secret}`, '--cookie-secrt', `-${secret}`],
    };
    const problems = problemsOf(wrong);
    expect(problems.length).toBeGreaterThan(5);
    expect(problems.join('\n')).not.toContain(secret);
  });

  test.each(flags.filter(({ isSecret }) => isSecret).map((flag) => [flag.name, flag] as const))(
    'such as %s is reported as set, without its value',
    (name, flag) => {
      const setting = read({ environment: { [variableName(flag)]: secret } }).settings.get(name);
      expect(setting?.source).toBe(`environment ${variableName(flag)}`);
      expect(JSON.stringify(setting)).not.toContain(secret);
    },
  );
});

describe('a file with mistakes', () => {
  const seeds = [
    'config:\n  clientID: a\n  clientSecret: b\nextraArgs:\n  scope: [a, {b: c}]\n  upstream: static://200\nextraEnv:\n- name: A\n  value: b\n',
    'COMPUTED VALUES:\nconfig: {clientID: a}\nalphaConfig: {enabled: true, configData: {providers: [{oidcConfig: {issuerURL: x}}]}, configFile: "server: {}"}\n',
    'apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  spec: {template: {spec: {containers: [{name: oauth2-proxy, args: [--scope=a], env: [{name: A, value: b}]}]}}}\n',
    'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {client-id: YQ==, oauth2_proxy.cfg: c2NvcGUgPSAiYSIK}\n',
    'email_domains = ["*"]\nscope = "a"\n[table]\nx = 1\n',
    'providers:\n- clientID: ${ID:-a}\n  oidcConfig: {issuerURL: a}\nupstreamConfig:\n  upstreams: [{id: a, static: true}]\ninjectResponseHeaders:\n- name: a\n  values: [{claimSource: {claim: a}}]\n',
    'OAUTH2_PROXY_SCOPE="a"\nexport OAUTH2_PROXY_UPSTREAMS=b\n',
    'a@example.com\nb@example.com\n',
  ];
  const pieces = [
    '',
    ':',
    '-',
    '[',
    '}',
    '"',
    "'",
    '\n',
    '  ',
    '*a',
    '&a',
    '!t',
    '=',
    '$',
    '{{',
    '#',
    'null',
    '1',
    '---\n',
    '\t',
    '\u0000',
  ];

  test.each(seeds)('causes only problems: %#', (seed) => {
    for (let at = 0; at < seed.length; at++) {
      const piece = pieces[(at * 7) % pieces.length] ?? '';
      const cut = seed.slice(0, at);
      for (const text of [cut, cut + piece + seed.slice(at), cut + piece + seed.slice(at + 3)]) {
        try {
          read({ files: { file: text } });
        } catch (error) {
          expect(error, text).toBeInstanceOf(ConfigError);
        }
      }
    }
  });

  test.each(['[', '{a: ', '- ', 'a:\n '])('causes problems if it is nested too deeply: %j', (piece) => {
    for (const name of ['file.yaml', 'file']) {
      const problems = problemsOf({ files: { [name]: `config: \n  ${piece.repeat(20_000)}` } });
      expect(problems.length).toBeGreaterThan(0);
    }
  });
});
