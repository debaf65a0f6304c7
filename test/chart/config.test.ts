/** Mistakes in `config` are reported before anything changes: by the schema, by the templates, by the hook. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load/load.ts';
import { findHelm } from '../../tools/helm.ts';
import { type Manifest, minimalValues, one, render, valuesFile } from '../support/chart.ts';
import { describeWith } from '../support/real-servers.ts';
import { otherMistakes, schemaMistakes, templateMistakes } from './mistakes.ts';

const { image } = minimalValues;
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const [issuer] = minimalValues.config.issuers;

/** The problems that the service reports for a configuration; empty if it is valid. */
async function problemsOf(config: object): Promise<string> {
  try {
    const flags = [{ name: '--config', value: 'oidc-authz.yaml' }];
    await loadConfig({ flags, environment: {}, readFile: () => JSON.stringify(config) });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

describeWith('a mistake in config', await findHelm(), (program) => {
  const rendered = (values: object) => render(program, [valuesFile({ image, ...values })]);

  describe('is reported by the schema, with its path:', () => {
    test.each(schemaMistakes)('%s', async (_, path, config) => {
      await expect(rendered({ config })).rejects.toThrow(`at '${path}'`);
      expect(await problemsOf(config)).not.toBe('');
    });
  });

  describe('is reported by the templates, with its path:', () => {
    test.each(templateMistakes)('%s', async (_, path, config) => {
      await expect(rendered({ config })).rejects.toThrow(`\nconfig.${path}: `);
      expect(await problemsOf(config)).toContain(`- ${path} `);
    });
  });

  test('is reported together with all others that the templates find', async () => {
    const config = { ...minimalValues.config, keys: { maxStale: '100000h' }, http: { port: 9000 } };
    const message = await rendered({ image: {}, config }).catch(String);
    for (const path of ['config.keys.maxStale', 'config: http.port', 'image.repository'])
      expect(message).toContain(`\n${path}`);
  });

  describe('is reported by the hook:', () => {
    test.each(otherMistakes)('%s', async (_, path, config) => {
      const { code, output } = await runHook(await rendered({ config }));
      expect(code).toBe(2);
      expect(output).toContain(`- ${path}`);
    });
  });

  describe('the hook', () => {
    const hook = (manifests: readonly Manifest[]) => one(manifests, 'Job', /-check-config$/);
    const pod = (manifests: readonly Manifest[]) => hook(manifests).spec.template;

    test.each([
      ['the smallest values', {}],
      ['environment variables', { extraEnv: [{ name: 'OIDC_AUTHZ_LOG_LEVEL', value: 'debug' }] }],
      ['arguments', { extraArgs: ['--realm', 'orders'] }],
      ['istio', { istio: { enabled: true } }],
      ['the listeners on IPv6', { config: { ...minimalValues.config, http: { host: '::' } } }],
    ])('accepts %s, without any connection', async (_, values) => {
      const { code, output } = await runHook(await rendered({ ...minimalValues, ...values }));
      expect([code, output]).toEqual([0, expect.stringContaining('issuer: https://tenant.example.com')]);
    });

    test('rejects arguments and environment variables that the service rejects', async () => {
      const withArgument = await rendered({ ...minimalValues, extraArgs: ['--relm=orders'] });
      const message = expect.stringContaining('--relm');
      expect(await runHook(withArgument)).toEqual({ code: 2, output: message });
      const extraEnv = [{ name: 'OIDC_AUTHZ_LOG_LEVEL', value: 'loud' }];
      const { code, output } = await runHook(await rendered({ ...minimalValues, extraEnv }));
      expect([code, output]).toEqual([2, expect.stringContaining('log.level')]);
    });

    test('uses the same new configuration as the pods', async () => {
      const manifests = await rendered({
        ...minimalValues,
        caBundle: { secret: 'ca' },
        kyma: { enabled: true },
      });
      const [ofHook, ofPods] = [/-check-config$/, /authz$/].map(
        (name) => one(manifests, 'ConfigMap', name).data['oidc-authz.yaml'],
      );
      expect(ofHook).toBe(ofPods);
      expect(one(manifests, 'ConfigMap', /-check-config$/).metadata.annotations).toMatchObject({
        'helm.sh/hook': 'pre-install,pre-upgrade',
        'helm.sh/hook-weight': '-20',
      });
    });

    test('runs once before everything else, with the same image, and matches no selector', async () => {
      const manifests = await rendered({ ...minimalValues, istio: { enabled: true } });
      const { metadata, spec } = hook(manifests);
      expect(metadata.annotations).toEqual({
        'helm.sh/hook': 'pre-install,pre-upgrade',
        'helm.sh/hook-weight': '-10',
        'helm.sh/hook-delete-policy': 'before-hook-creation,hook-succeeded',
        'helm.sh/hook-output-log-policy': 'hook-failed',
      });
      expect(spec).toMatchObject({
        backoffLimit: 0,
        activeDeadlineSeconds: 180,
        ttlSecondsAfterFinished: 86_400,
      });
      const deployment = one(manifests, 'Deployment').spec;
      const [check] = spec.template.spec.containers;
      expect(check.image).toBe(deployment.template.spec.containers[0].image);
      expect(check.command).toBeUndefined();
      expect(spec.template.spec).toMatchObject({
        restartPolicy: 'Never',
        serviceAccountName: 'default',
        automountServiceAccountToken: false,
      });
      const inject = { 'sidecar.istio.io/inject': 'false' };
      expect(spec.template.metadata).toMatchObject({ labels: inject, annotations: inject });
      for (const { matchLabels } of selectors(manifests, 'check-config'))
        expect(spec.template.metadata.labels).not.toMatchObject(matchLabels);
    });

    test('is not allowed to open connections', async () => {
      const manifests = await rendered(minimalValues);
      const policy = one(manifests, 'NetworkPolicy', /-check-config$/).spec;
      expect(policy).toEqual({
        podSelector: { matchLabels: expect.anything() },
        policyTypes: ['Ingress', 'Egress'],
      });
      expect(pod(manifests).metadata.labels).toMatchObject(policy.podSelector.matchLabels);
    });

    test('is omitted when it is disabled', async () => {
      const manifests = await rendered({ ...minimalValues, hooks: { checkConfig: { enabled: false } } });
      expect(manifests.filter(({ metadata }) => /check-config/.test(metadata.name))).toEqual([]);
    });

    test('reads existingConfigMap', async () => {
      const manifests = await rendered({ existingConfigMap: 'mine' });
      expect(
        manifests.filter(({ kind, metadata }) => kind === 'ConfigMap' && /check/.test(metadata.name)),
      ).toEqual([]);
      const config = 'issuers: [{issuer: https://a.example.com, audiences: [a]}]\nkey: 1\n';
      expect(await runHook(manifests, { mine: { 'oidc-authz.yaml': config } })).toMatchObject({ code: 2 });
      const good = { 'oidc-authz.yaml': config.replace('key: 1', 'realm: a') };
      expect(await runHook(manifests, { mine: good })).toMatchObject({ code: 0 });
    });

    test('reads the files that the configuration names', async () => {
      const values = { ...minimalValues, caBundle: { secret: 'company', key: 'ca.pem' } };
      const manifests = await rendered(values);
      const { code, output } = await runHook(manifests, { company: { 'ca.pem': 'nothing' } });
      expect([code, output]).toEqual([2, expect.stringContaining('issuers[0].caFile')]);
      expect(await runHook(manifests, { company: { 'ca.crt': 'another key' } })).toMatchObject({ code: 2 });
      const withoutFiles = await rendered({ ...values, hooks: { checkConfig: { files: false } } });
      expect(await runHook(withoutFiles, { company: {} })).toMatchObject({ code: 0 });
    });

    const tls = { certFile: '/etc/oidc-authz/tls/tls.crt', keyFile: '/etc/oidc-authz/tls/tls.key' };
    const withTls = {
      config: { ...minimalValues.config, admin: { tls } },
      extraVolumeMounts: [{ name: 'tls', mountPath: '/etc/oidc-authz/tls' }],
    };
    const certificate = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'orders' },
      spec: { secretName: 'orders-tls' },
    };
    test.each([
      [
        'a Secret that the release creates',
        { secret: { secretName: 'orders-tls' } },
        { extraObjects: [certificate] },
      ],
      [
        'a Secret in an extra object that is a string',
        { secret: { secretName: 'orders-tls' } },
        { extraObjects: ['kind: Secret\nmetadata: {name: orders-tls}'] },
      ],
      [
        'a projected Secret that the release creates',
        { projected: { sources: [{ secret: { name: 'orders-tls' } }] } },
        { extraObjects: [certificate] },
      ],
      [
        'a volume that an init container fills',
        { emptyDir: {} },
        { initContainers: [{ name: 'a', image: 'a' }] },
      ],
      ['a CSI volume', { csi: { driver: 'secrets-store.csi.k8s.io' } }, {}],
      ['a persistent volume claim', { persistentVolumeClaim: { claimName: 'a' } }, {}],
    ])('does not mount %s, and then reads no files', async (_, volume, values) => {
      const extraVolumes = [{ name: 'tls', ...volume }];
      const manifests = await rendered({ ...withTls, extraVolumes, ...values });
      const { spec } = pod(manifests);
      expect(spec.volumes.map(({ name }: Manifest) => name)).toEqual(['config']);
      expect(spec.containers[0].volumeMounts.map(({ name }: Manifest) => name)).toEqual(['config']);
      expect(await runHook(manifests)).toMatchObject({ code: 0 });
    });

    test.each([
      ['a Secret', { secret: { secretName: 'orders-tls' } }],
      ['a Secret whose name is a part of another name in the release', { secret: { secretName: 'tls' } }],
      ['a projected ConfigMap', { projected: { sources: [{ configMap: { name: 'orders-tls' } }] } }],
    ])('mounts %s that exists before the installation', async (_, volume) => {
      const extraVolumes = [{ name: 'tls', ...volume }];
      const extraObjects = [{ ...certificate, spec: { secretName: 'orders-tls-2' } }];
      const { spec } = pod(await rendered({ ...withTls, extraVolumes, extraObjects }));
      expect(spec.volumes).toContainEqual({ name: 'tls', ...volume });
      expect(spec.containers[0].args).not.toContain('--without-files');
    });

    test('does not use environment variables from objects that the release creates', async () => {
      const from = (name: string) => ({ name: 'A', valueFrom: { secretKeyRef: { name, key: 'a' } } });
      const { spec } = pod(
        await rendered({
          ...minimalValues,
          extraEnv: [from('orders-tls'), from('other')],
          envFrom: [{ secretRef: { name: 'orders-tls' } }, { configMapRef: { name: 'other' } }],
          extraObjects: [certificate],
        }),
      );
      expect(spec.containers[0].env).toEqual([from('other')]);
      expect(spec.containers[0].envFrom).toEqual([{ configMapRef: { name: 'other' } }]);
    });
  });

  test('the schema accepts every configuration that the service accepts', async () => {
    const written = fc.oneof(
      fc.constantFrom(
        ...[
          '',
          'a',
          'orders-api',
          ' a',
          'a ',
          'https://a.example.com',
          'http://a',
          'https:a',
          'x-user',
          '/a',
          'é',
        ],
        ...[
          '5s',
          '5',
          '1h30m',
          '64Mi',
          '1.5s',
          '08',
          '1e3',
          'true',
          '10.0.0.0/8',
          '::1',
          '[::]',
          'RS256',
          'env',
        ],
      ),
      fc.integer({ min: -1, max: 70_000 }),
      fc.boolean(),
      fc.constant(null),
    );
    const value = fc.oneof(
      written,
      fc.array(written, { maxLength: 2 }),
      fc.dictionary(fc.constant('a'), written),
    );
    const places = [
      ...[
        'issuer',
        'name',
        'audiences',
        'anyAudience',
        'audienceClaims',
        'jwksUri',
        'jwks',
        'jwksFile',
        'publicKeyFiles',
      ],
      ...[
        'discoveryUri',
        'algorithms',
        'tokenTypes',
        'requiredScopes',
        'requiredClaims',
        'clockTolerance',
        'caFile',
      ],
      ...['trustSystemCas', 'httpsProxy', 'insecureHttp'],
    ].map((name) => ['issuers', name] as const);
    const others = [
      ...[
        'realm',
        'outputTokenToHeader',
        'workers',
        'trustedHeaders',
        'whenUnavailable',
        'forwardOriginalToken',
      ],
      ...[
        'keys.maxStale',
        'cache.maxEntries',
        'cache.maxBytes',
        'log.excludePaths',
        'log.requestIdHeader',
        'denyList.file',
      ],
      ...[
        'clientAddress.trustedProxies',
        'dpop.origins',
        'http.host',
        'http.pathPrefix',
        'shadow.authorizer',
      ],
    ].map((path) => path.split('.') as readonly string[] as readonly [string, string?]);
    const change = fc.tuple(fc.constantFrom<readonly [string, string?]>(...places, ...others), value);
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 2 }), async (changes) => {
        const config: Record<string, unknown> = structuredClone(minimalValues.config);
        const [first] = config.issuers as Record<string, unknown>[];
        for (const [[head, below], changed] of changes) {
          if (head === 'issuers') Object.assign(first ?? {}, { [below ?? '']: changed });
          else
            config[head] = below === undefined ? changed : { ...(config[head] as object), [below]: changed };
        }
        const result = await rendered({ config }).then(String, String);
        if ((await problemsOf(config)) === '') expect(result).not.toContain('schema');
      }),
      { numRuns: 60 },
    );
  });

  test('strings that look like other YAML types reach the service unchanged', async () => {
    const texts = [
      '08',
      '0o17',
      '0x1f',
      '1e3',
      '1_000',
      '1:30',
      'no',
      'y',
      '~',
      '.inf',
      '2001-01-01',
      '<<',
      'a: b',
    ];
    const config = { issuers: [{ ...issuer, requiredClaims: { odd: texts, id: 123_456_789 } }] };
    const { data } = one(await rendered({ config }), 'ConfigMap', /authz$/);
    expect(parse(data['oidc-authz.yaml']).issuers[0].requiredClaims).toEqual({ odd: texts, id: 123_456_789 });
  });
});

/** The selectors of the objects of the chart, except of objects whose name has this ending. */
function selectors(manifests: readonly Manifest[], except: string): { matchLabels: object }[] {
  return manifests
    .filter(({ metadata }) => !metadata.name.endsWith(except))
    .flatMap(({ kind, spec }) => {
      if (kind === 'Service') return [{ matchLabels: spec.selector }];
      return [spec?.selector, spec?.podSelector].filter((one) => one?.matchLabels !== undefined);
    });
}

/**
 * Runs the command of the hook's container with its arguments, environment and files, and without network access.
 *
 * @param objects ConfigMaps and Secrets that exist before the installation: their content by name
 */
async function runHook(
  manifests: readonly Manifest[],
  objects: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): Promise<{ code: number; output: string }> {
  const root = mkdtempSync(join(tmpdir(), 'oidc-authz-hook-'));
  const at = (text: string) => text.replaceAll('/etc/oidc-authz', root);
  const { volumes, containers } = one(manifests, 'Job', /-check-config$/).spec.template.spec;
  const [{ args, env = [], volumeMounts }] = containers;
  for (const { name, mountPath } of volumeMounts as { name: string; mountPath: string }[]) {
    const { configMap, secret } = volumes.find((volume: Manifest) => volume.name === name);
    const from = configMap?.name ?? secret?.secretName;
    const made = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === from);
    mkdirSync(at(mountPath), { recursive: true });
    for (const [key, text] of Object.entries<string>(made?.data ?? objects[from] ?? {}))
      writeFileSync(join(at(mountPath), key), at(text));
  }
  const environment = Object.fromEntries(
    env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
  const command = ['--permission', '--allow-fs-read=*', main, ...args.map(at)];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env: environment }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
}
