/** `check-config` of the chart's values resolves the same configuration as the service in the rendered chart. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkConfig } from '../../src/cli/check-config.ts';
import { withDerivedDefaults, writtenConfig } from '../../src/config/describe/describe.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { findHelm } from '../../tools/helm.ts';
import { type Manifest, minimalValues, modes, one, render, valuesFile } from '../support/chart.ts';
import { describeWith } from '../support/real-servers.ts';

/** The configuration file. The files that it names exist only in the pod, so they are empty here. */
const sourcesOf = (text: string) => ({
  flags: [{ name: '--config', value: 'file.yaml' }],
  environment: {},
  readFile: (path: string) => (path === 'file.yaml' ? text : ''),
});

const { config } = minimalValues;
const rules = [{ name: 'api', match: { hosts: ['api.example.com'] }, require: {} }];

const cases = [
  ...modes
    .filter(({ mode }) => mode !== 'existing-configmap')
    .map(({ mode, file }) => [`the mode ${mode}`, file] as const),
  ...Object.entries({
    'Istio and rules': { config: { ...config, rules }, istio: { enabled: true } },
    'Istio and hosts.ports': {
      config: { ...config, hosts: { ports: 'exact' } },
      istio: { enabled: true },
    },
    'Istio and an empty hosts': { config: { ...config, hosts: {} }, istio: { enabled: true } },
    'Istio disabled': { config, istio: { enabled: false } },
    'authorizer.timeout': { config, authorizer: { timeout: '7s' } },
    'limits.meshTimeout and authorizer.timeout': {
      config: { ...config, limits: { meshTimeout: '9s', maxTokenSize: '8Ki' } },
      authorizer: { timeout: '9s' },
    },
  }).map(([name, values]) => [name, valuesFile({ ...minimalValues, ...values })] as const),
];

describeWith(
  'check-config of values resolves the configuration of the rendered chart',
  await findHelm(),
  (program) => {
    test.each(cases)('%s', async (_, file) => {
      const manifests = await render(program, [file]);
      const { data } = one(manifests, 'ConfigMap', /^(oidc|orders)-authz$/);
      const { env = [] } = one(manifests, 'Deployment', /(?<!-canary)$/).spec.template.spec.containers[0];
      const environment = Object.fromEntries(env.map(({ name, value }: Manifest) => [name, value]));
      const { exitCode, output } = await checkConfig(sourcesOf(readFileSync(file, 'utf8')));
      expect(exitCode).toBe(0);
      const rendered = { ...sourcesOf(data['oidc-authz.yaml']), environment };
      expect(parse(output)).toEqual(writtenConfig(withDerivedDefaults(await loadConfig(rendered))));
    });
  },
);
