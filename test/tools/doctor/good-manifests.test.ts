/** `doctor` finds no error in the manifests of this project: deploy/, the chart and the output of `generate`. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { doctor } from '../../../src/cli/doctor.ts';
import { systemClock } from '../../../src/runtime/time/clock.ts';
import type { GenerateFlags, Target } from '../../../src/tools/generate/options.ts';
import { findHelm } from '../../../tools/helm.ts';
import { configOf } from '../../support/app.ts';
import { modes, render } from '../../support/chart.ts';
import { generatedYaml } from '../../support/generate-flags.ts';
import { describeWith } from '../../support/real-servers.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const helm = await findHelm();
const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-doctor-'));

async function errorsIn(path: string, config?: string): Promise<readonly string[]> {
  const result = await doctor({
    words: [path],
    flags: [
      { name: '--output', value: 'json' },
      ...(config === undefined ? [] : [{ name: '--config', value: config }]),
    ],
    readFile: (name) => readFileSync(name, 'utf8'),
    readInput: () => '',
    environment: {},
    clock: { ...systemClock, now: () => Date.parse('2026-11-26T12:00:00Z') },
  });
  expect(result.problems).toBe('');
  const { findings } = JSON.parse(result.output);
  return findings
    .filter(({ severity }: { severity: string }) => severity !== 'note')
    .map((finding: object) => JSON.stringify(finding));
}

test('deploy/ has neither errors nor warnings', async () => {
  expect(await errorsIn(join(root, 'deploy'), join(root, 'deploy/oidc-authz.yaml'))).toEqual([]);
});

test('deploy/login has neither errors nor warnings with its own configuration', async () => {
  expect(await errorsIn(join(root, 'deploy/login'), join(root, 'deploy/login/oidc-authz.yaml'))).toEqual([]);
});

describeWith('the chart has neither errors nor warnings', helm, (program) => {
  test.each(modes)('in mode $mode', async ({ mode, file }) => {
    const manifests = await render(program, [file]);
    const path = join(folder, `${mode}.yaml`);
    writeFileSync(path, manifests.map((manifest) => stringify(manifest)).join('---\n'));
    // This mode shows an issuer whose tokens have no audience.
    const isIntended = (finding: string) => mode === 'multi-issuer' && finding.includes('"id":"K92"');
    expect((await errorsIn(path)).filter((finding) => !isIntended(finding))).toEqual([]);
  });
});

const issuer = { issuer: 'https://tenant.example.com', audiences: ['orders-api'] };

test.each<[Target, Partial<GenerateFlags>]>([
  ['kyma', {}],
  ['kyma', { apirule: true, backend: 'orders:80', host: ['orders.example.com'] }],
  ['istio', {}],
  ['istio', { authorizationPolicy: true, workload: ['app=orders'], host: ['orders.example.com'] }],
  ['envoy-gateway', { route: 'orders', workloadNamespace: 'oidc-authz' }],
  ['contour', { backend: 'orders:80', host: ['orders.example.com'] }],
])('the output of generate %s with %j has neither errors nor warnings', async (target, flags) => {
  const config = join(folder, 'oidc-authz.yaml');
  writeFileSync(config, stringify({ issuers: [issuer] }));
  const path = join(folder, 'generated.yaml');
  writeFileSync(path, generatedYaml(target, await configOf(stringify({ issuers: [issuer] })), flags));
  expect(await errorsIn(path, config)).toEqual([]);
});
