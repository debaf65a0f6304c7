/** Placeholders are refused; ordinary names are not. */
import { describe, expect, test } from 'vitest';
import { findingsOf, read, valuesOf } from '../read-inputs.ts';

/** Typical names of clients and teams. */
const ordinary = [
  ...['my-app', 'my-client', 'my-company-admins', 'my_realm', 'team-my-org', 'ROLE_CHANGE_MANAGER'],
  ...[
    'CHANGE_ADVISORY_BOARD',
    'CHANGE-REQUESTS',
    'REPLACEMENTS',
    'INSERT_OPERATORS',
    'FILLING',
    'app:change',
  ],
  ...['DOMAIN\\$svc', 'host$', 'a&b', 'ENCODERS', 'vault-admins', 'ops@shop', 'a(b)', '100%', 'op', 'a/b/c'],
  ...['https://id.shop.example/change-management', 'cn=ops,dc=shop', 'spiffe://shop/ns/a', 'api://orders'],
];

/** Placeholders of templates, tutorials and secret managers. */
const neverPutIn = [
  ...['<path:secret/data/gate#group>', '<group>', '<a-group | base64decode>', '<%= group %>'],
  ...['ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YQ==,type:str]', 'ENC[PKCS7,MIIB]'],
  ...['vault:secret/data/gate#group', '>>vault:secret/data/gate#group', 'ref+vault://secret/gate#/group'],
  ...['ref+awsssm://gate/group', 'secretref+gcpsecrets://p/gate', 'op://vault/gate/group'],
  ...['((group))', '((gate/group))', '%(group)s', '$GROUP', '$group', 'role:$GROUP', '@@group@@', '@GROUP@'],
  ...['{{ .Values.group }}', '{group}', '[group]', '%GROUP%', '__GROUP__', '#{group}#', '$(GROUP)'],
  ...[
    'CHANGE_ME',
    'CHANGEME',
    'CHANGE-ME',
    'change-me',
    'changeme',
    'REPLACE_WITH_GROUP',
    'INSERT_GROUP_HERE',
  ],
  ...['your-group', 'YOUR_GROUP', 'xxx', 'TODO', 'https://CHANGE_ME.id.example/realms/a'],
];

function toml(value: string): Readonly<Record<string, string>> {
  return { 'o.cfg': `allowed_groups = [${JSON.stringify(value)}]\nclient_id = ${JSON.stringify(value)}\n` };
}

describe('a placeholder', () => {
  test.each(ordinary)('is not: %s', (name) => {
    expect(valuesOf({ files: toml(name) })).toEqual({ 'allowed-group': [name], 'client-id': name });
  });

  test.each(neverPutIn)('is refused: %s', (text) => {
    const { settings, findings } = read({ files: toml(text) });
    expect([...settings.keys()]).toEqual([]);
    expect(findings.map(({ setting, verdict }) => [setting, verdict])).toEqual([
      ['allowed-group', 'refused'],
      ['client-id', 'refused'],
    ]);
    for (const { text: why, source } of findings) {
      expect(why).toContain('it contains the placeholder');
      expect(source).toMatch(/^o\.cfg:\d:1$/);
    }
  });

  test.each(neverPutIn)('is found in a text that a comma splits: %s', (text) => {
    const { settings } = read({ environment: { OAUTH2_PROXY_ALLOWED_GROUPS: `ops,${text}` } });
    expect([...settings.keys()]).toEqual([]);
  });

  test.each(neverPutIn)('is not refused after `--`: %s', (text) => {
    expect(
      valuesOf({ flags: [`--client-id=${text}`, '--allowed-group', JSON.stringify(text)] }),
    ).toMatchObject({
      'client-id': text,
    });
  });

  test.each(['^/a(?<name>b)$', '^/a(?P<name>b)/{c}$', '^/((a|b))$', '^/((a))$', '^/[a]$', '^/...$'])(
    'is not recognized in an expression: %s',
    (expression) => {
      expect(valuesOf({ files: { 'o.cfg': `skip_auth_routes = ['${expression}']\n` } })).toEqual({
        'skip-auth-route': [expression],
      });
    },
  );

  test('is found in the data of a Secret that is not Base64', () => {
    const secret =
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {OAUTH2_PROXY_ALLOWED_GROUPS: "ENC[AES256_GCM,data:Zm9v,iv:YQ==]"}\n';
    expect(findingsOf({ files: { 's.yaml': secret } })).toEqual([
      expect.stringMatching(
        /^allowed-group \(s\.yaml:4:8 .*refused: it contains the placeholder `ENC\[AES256_GCM`/,
      ),
    ]);
  });
});

describe('a flag after `--`', () => {
  const deployment = (...args: string[]) => ({
    'lg.yaml': JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'oauth2-proxy', namespace: 'auth' },
      spec: {
        template: {
          spec: {
            containers: [
              {
                name: 'oauth2-proxy',
                env: [{ name: 'GROUP', valueFrom: { secretKeyRef: { name: 's', key: 'group' } } }],
                args,
              },
            ],
          },
        },
      },
    }),
  });

  test.each([
    ['a value from a Secret', '--allowed-group=$(GROUP)'],
    ['a list with a value from a Secret', '--allowed-group=ops,$(GROUP)'],
    ['a placeholder', '--allowed-group=<group>'],
  ])('replaces %s in a list', (_, arg) => {
    const files = deployment(arg);
    expect(read({ files }).settings.has('allowed-group')).toBe(false);
    const inputs = { files, flags: ['--allowed-group=admins'] };
    expect(valuesOf(inputs)).toEqual({ 'allowed-group': ['admins'] });
    expect(findingsOf(inputs)).toContainEqual(
      expect.stringMatching(
        /^allowed-group \(lg\.yaml\S* args\) meaningless: flag --allowed-group overrides it$/,
      ),
    );
  });

  test('is added to known values', () => {
    const files = deployment('--allowed-group=ops', '--allowed-group=$(GROUP)');
    expect(valuesOf({ files, flags: ['--allowed-group=admins'] })).toEqual({
      'allowed-group': ['ops', 'admins'],
    });
  });

  test('replaces nothing if it is empty', () => {
    const files = deployment('--allowed-group=$(GROUP)');
    const { settings, findings } = read({ files, flags: ['--allowed-group='] });
    expect(settings.has('allowed-group')).toBe(false);
    expect(findings).toContainEqual(
      expect.objectContaining({ setting: 'allowed-group', verdict: 'refused' }),
    );
  });

  test('replaces only unknown values of an alpha configuration', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the alpha configuration
    const hidden = 'providers: [{id: a, clientID: web, allowedGroups: ["${GROUP}"]}]\n';
    expect(valuesOf({ files: { 'a.yaml': hidden }, flags: ['--allowed-group=admins'] })).toMatchObject({
      'allowed-group': ['admins'],
      'client-id': 'web',
    });
    const seen = 'providers: [{id: a, clientID: web, allowedGroups: [ops]}]\n';
    expect(() => read({ files: { 'a.yaml': seen }, flags: ['--allowed-group=admins'] })).toThrow(
      'does not start with this setting and an alpha configuration',
    );
  });
});
