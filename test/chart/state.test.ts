/** The chart for a configuration with a store that the pods share: its Secrets, the ports to it, and what replaces the pods. */
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfigFile } from '../../src/config/load/file.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { readChartValues } from '../../src/tools/check-config/chart-values.ts';
import { findHelm, helm } from '../../tools/helm.ts';
import { chartFolder, type Manifest, minimalValues, one, render, valuesFile } from '../support/chart.ts';
import { describeWith } from '../support/real-servers.ts';

const { image } = minimalValues;
const [issuer] = minimalValues.config.issuers;
const urls = ['rediss://valkey.data.svc:7379'];
const config = {
  issuers: [{ ...issuer, name: 'main', login: { clientId: 'shop' } }],
  login: { hosts: ['shop.example.com'] },
  state: { valkey: { urls } },
};
const loginSecrets = { client: { existingSecret: 'client' }, sessionKeys: { existingSecret: 'keys' } };
const stateSecrets = { valkey: { existingSecret: 'valkey' } };
const values = { image, config, loginSecrets, stateSecrets, authorizer: { timeout: '5s' } };
const everyKey = {
  existingSecret: 'valkey',
  usernameKey: 'user',
  sentinelPasswordKey: 'sentinel-password',
  sentinelUsernameKey: 'sentinel-user',
  caKey: 'ca.crt',
  certKey: 'tls.crt',
  keyKey: 'tls.key',
};

const fileOf = (manifests: readonly Manifest[]) =>
  one(manifests, 'ConfigMap', /^oidc-authz$/).data['oidc-authz.yaml'] as string;

describeWith('a store in the chart', await findHelm(), (program) => {
  const rendered = (changed: object = {}) => render(program, [valuesFile({ ...values, ...changed })]);
  const pod = (manifests: readonly Manifest[]) => one(manifests, 'Deployment').spec.template;
  const egressOf = (manifests: readonly Manifest[]) =>
    one(manifests, 'NetworkPolicy', /^oidc-authz$/).spec.egress as readonly Manifest[];

  test('has its password in a mounted file, also in the Job that checks the configuration', async () => {
    const manifests = await rendered();
    expect(parse(fileOf(manifests)).state).toEqual({
      valkey: { urls, passwordFile: '/etc/oidc-authz/state/password' },
    });
    const ofJob = one(manifests, 'Job', /-check-config$/).spec.template.spec;
    for (const { volumes, containers } of [pod(manifests).spec, ofJob]) {
      expect(volumes).toContainEqual({ name: 'state', secret: { secretName: 'valkey', defaultMode: 0o440 } });
      expect(containers[0].volumeMounts).toContainEqual({
        name: 'state',
        mountPath: '/etc/oidc-authz/state',
        readOnly: true,
      });
    }
  });

  test.each([
    ['each file of the Secret', { stateSecrets: { valkey: everyKey } }],
    ['no password', { stateSecrets: { valkey: { existingSecret: 'valkey', passwordKey: '', caKey: 'ca' } } }],
    [
      'a file that the configuration names',
      { config: { ...config, state: { valkey: { urls, passwordFile: '/p' } } } },
    ],
    [
      'keys for a service without a login',
      {
        config: { ...minimalValues.config, state: config.state, denyList: { store: true } },
        loginSecrets: {},
        stateSecrets: { ...stateSecrets, keys: { existingSecret: 'state-keys' } },
      },
    ],
  ])(
    '%s: the configuration is the same for `check-config`, which reads the values without helm',
    async (_, changed) => {
      const file = readChartValues(
        parseConfigFile(JSON.stringify({ ...values, ...changed }), 'v.yaml'),
      )?.file;
      const written = fileOf(await rendered(changed));
      expect(file?.content).toEqual(parse(written));
      const read = () => written;
      if (!written.includes('sentinel'))
        await loadConfig({ flags: [{ name: '--config', value: 'c' }], environment: {}, readFile: read });
    },
  );

  test('can be reached, on the ports of its addresses', async () => {
    const ports = async (valkey: object) =>
      egressOf(await rendered({ config: { ...config, state: { valkey } } }))
        .flatMap(({ ports = [] }) => ports.map(({ port }: Manifest) => port))
        .filter((port) => ![53, 8053, 443].includes(port));
    expect(await ports({ urls })).toEqual([7379]);
    expect(await ports({ urls: ['redis://valkey.data.svc/2'] })).toEqual([6379]);
    expect(
      await ports({ urls: ['rediss://[2001:db8::1]:7000', 'rediss://[2001:db8::2]'], mode: 'cluster' }),
    ).toEqual([7000, 6379]);
    const sentinels = { urls: ['rediss://a', 'rediss://b:26379'], mode: 'sentinel', masterName: 'm' };
    expect(await ports(sentinels)).toEqual([26379, 6379]);
    const stateTo = [{ namespaceSelector: { matchLabels: { a: 'b' } } }];
    expect(egressOf(await rendered({ networkPolicy: { stateTo } }))).toContainEqual({
      ports: [{ protocol: 'TCP', port: 7379 }],
      to: stateTo,
    });
  });

  test('a change of its address replaces the pods, and the same values do not', async () => {
    const checksum = async (changed: object = {}) =>
      pod(await rendered(changed)).metadata.annotations['checksum/listeners'];
    const other = { config: { ...config, state: { valkey: { urls: ['rediss://b'] } } } };
    expect(await checksum()).toBe(await checksum());
    expect(await checksum(other)).not.toBe(await checksum());
    expect(await checksum({ stateSecrets: { valkey: everyKey } })).not.toBe(await checksum());
    const denyList = { config: { ...config, denyList: { store: true } } };
    expect(await checksum(denyList)).toBe(await checksum());
  });

  test('leaves no trace without `state`', async () => {
    const text = JSON.stringify(await render(program, [valuesFile(minimalValues)]));
    expect(text).not.toMatch(/6379|valkey|oidc-authz\/state/i);
  });

  test.each<[string, object, string]>([
    [
      'a store',
      { config: minimalValues.config, loginSecrets: {} },
      'stateSecrets.valkey.existingSecret: it has no effect without config.state',
    ],
    [
      'one source of keys',
      { stateSecrets: { keys: { existingSecret: 'k' } } },
      'stateSecrets.keys.existingSecret: config.login is set',
    ],
    [
      'a certificate with its key',
      { stateSecrets: { valkey: { existingSecret: 'v', certKey: 'tls.crt' } } },
      'stateSecrets.valkey: only one of certKey and keyKey is set',
    ],
  ])('needs %s', async (_, changed, message) => {
    await expect(rendered(changed)).rejects.toThrow(message);
  });

  describe('the notes after the installation', () => {
    const notes = async (changed: object) => {
      const file = valuesFile({ ...values, ...changed });
      const { ok, output } = await helm(program, [
        ...[
          'install',
          'oidc-authz',
          chartFolder,
          '--dry-run=client',
          '--namespace',
          'oidc-authz',
          '--values',
          file,
        ],
      ]);
      expect([ok, output]).toEqual([true, expect.anything()]);
      return output.slice(output.indexOf('NOTES:')).replaceAll(/\s+/g, ' ');
    };
    const { state: _, ...without } = config;
    const refreshing = 'WARNING: several processes renew sessions';
    const alone = 'Without config.state, each process knows only its own sign-outs';

    test.each<[string, object, readonly string[]]>([
      ['several replicas without a store', { config: without, stateSecrets: {} }, [refreshing, alone]],
      [
        'several replicas that do not refresh',
        { config: { ...without, sessions: { refresh: false } }, stateSecrets: {} },
        [alone],
      ],
      ['one replica', { config: without, stateSecrets: {}, replicaCount: 1 }, []],
      [
        'one replica with workers',
        { config: { ...without, workers: 2 }, stateSecrets: {}, replicaCount: 1 },
        [refreshing, alone],
      ],
      ['a store', {}, []],
      [
        'a store, with sessions in cookies',
        { config: { ...config, sessions: { store: 'cookie' } } },
        [refreshing],
      ],
    ])('%s', async (_, changed, expected) => {
      const text = await notes(changed);
      expect([refreshing, alone].filter((part) => text.includes(part))).toEqual(expected);
    });

    test('say how to share sessions that are in cookies although there is a store', async () => {
      const text = await notes({ config: { ...config, sessions: { store: 'cookie' } } });
      expect(text).toContain('Remove config.sessions.store: cookie, set config.sessions.refresh to false');
      expect(await notes({ config: without, stateSecrets: {} })).toContain(
        'Add config.state (docs/state.md), set',
      );
    });

    test('name only the redirect URI of a central host, and its route', async () => {
      const hosts = ['auth.example.com', 'shop.example.org'];
      const central = { ...config, login: { ...config.login, hosts, host: 'auth.example.com' } };
      const text = await notes({ config: central });
      expect(text.match(/https:\/\/\S+\/callback/g)).toEqual([
        'https://auth.example.com/.oidc-authz/callback',
      ]);
      expect(text).toContain('auth.example.com is the central host: it needs a route');
    });

    test('name the address for back-channel logout', async () => {
      const listening = {
        ...config,
        login: { ...config.login, listener: { enabled: true } },
        sessions: { backChannelLogout: true },
      };
      expect(await notes({ config: listening })).toContain('https://HOST/back-channel-logout/main');
    });
  });
});
