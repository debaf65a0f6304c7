/** The scripts that the chart carries, run for real. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { findKubectl } from '../../tools/helm.ts';
import { startApp } from '../support/app.ts';
import { chartFolder } from '../support/chart.ts';
import { describeWith } from '../support/real-servers.ts';

const run = promisify(execFile);

describe('`helm test`', () => {
  const check = (...urls: string[]) =>
    run(process.execPath, [
      '--input-type=module',
      '--eval',
      readFileSync(`${chartFolder}/files/check.mjs`, 'utf8'),
      ...urls,
    ]);

  test('passes where a check without a token is refused over HTTP and gRPC', async () => {
    const { httpPort, grpcPort } = await startApp();
    const { stdout } = await check(`http://127.0.0.1:${httpPort}`, `grpc://127.0.0.1:${grpcPort}`);
    expect(stdout.match(/ended in 401/g)).toHaveLength(2);
  });

  test('fails where something else answers, or nothing', async () => {
    const { adminPort } = await startApp();
    await expect(check(`http://127.0.0.1:${adminPort}`)).rejects.toMatchObject({ code: 1 });
    await expect(check(`grpc://127.0.0.1:${adminPort}`)).rejects.toMatchObject({ code: 1 });
    await expect(check('grpc://127.0.0.1:1')).rejects.toMatchObject({ code: 1 });
  });
});

describeWith('registration with Kyma, by a real kubectl', await findKubectl(), (kubectl) => {
  const ours = { name: 'oidc-authz', port: 8000 };

  /**
   * Runs the script against one resource in a file: what it asks is answered out of that, and what it patches is patched
   * there by kubectl itself.
   *
   * @param found the version that the script is told, which may be outdated by the time it patches
   */
  async function register(spec: object | undefined, found = '7'): Promise<unknown> {
    const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-kubectl-'));
    const file = join(folder, 'resource.json');
    const metadata = { name: 'default', namespace: 'kyma-system', resourceVersion: '7' };
    const resource = { apiVersion: 'operator.kyma-project.io/v1alpha2', kind: 'Istio', metadata, spec };
    writeFileSync(file, JSON.stringify(resource));
    writeFileSync(
      join(folder, 'kubectl'),
      `#!${process.execPath}
const { execFileSync } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
const file = ${JSON.stringify(file)};
const { spec } = JSON.parse(readFileSync(file, 'utf8'));
const [, namespace, verb, kind, name, ...rest] = process.argv.slice(2);
if (namespace !== 'kyma-system' || kind !== 'istio' || name !== 'default') process.exit(9);
if (verb === 'patch') {
  const patched = execFileSync(${JSON.stringify(kubectl)}, ['patch', '--local', '--filename', file, ...rest, '--output', 'json']);
  writeFileSync(file, patched);
} else {
  const path = rest.at(-1);
  const shown = path.includes('config') ? spec?.config : spec;
  const names = (spec?.config?.authorizers ?? []).map((one) => one.name + '\\n').join('');
  if (path.includes('resourceVersion')) process.stdout.write(${JSON.stringify(found)});
  else if (path.includes('range')) process.stdout.write(names);
  else process.stdout.write(shown === undefined ? '' : JSON.stringify(shown));
}
`,
    );
    chmodSync(join(folder, 'kubectl'), 0o755);
    const script = `name=${ours.name}\nentry='${JSON.stringify(ours)}'\n${readFileSync(`${chartFolder}/files/register-kyma.sh`, 'utf8')}`;
    await run('sh', ['-c', script], { env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
    return JSON.parse(readFileSync(file, 'utf8')).spec;
  }

  const others = [{ name: 'oauth2-proxy' }, { name: 'opa' }];
  const last = { name: 'last' };
  test.each([
    [
      'appends to the authorizers that are there',
      { config: { authorizers: others } },
      { config: { authorizers: [...others, ours] } },
    ],
    [
      'replaces its own entry and no other',
      { config: { authorizers: [...others, { name: 'oidc-authz', port: 1 }, last] } },
      { config: { authorizers: [...others, ours, last] } },
    ],
    [
      'replaces the first',
      { config: { authorizers: [{ name: 'oidc-authz' }, last] } },
      { config: { authorizers: [ours, last] } },
    ],
    ['fills an empty list', { config: { authorizers: [] } }, { config: { authorizers: [ours] } }],
    [
      'makes the list where there is none',
      { config: { numTrustedProxies: 1 } },
      { config: { numTrustedProxies: 1, authorizers: [ours] } },
    ],
    ['makes what holds the list', {}, { config: { authorizers: [ours] } }],
    ['makes all that holds the list', undefined, { config: { authorizers: [ours] } }],
  ])('%s', async (_, spec, after) => {
    expect(await register(spec)).toEqual(after);
  });

  test('changes nothing where somebody else has changed the resource meanwhile', async () => {
    await expect(register({ config: { authorizers: others } }, '6')).rejects.toThrow(/test failed/);
  });

  describe('with the bare patches', () => {
    async function patched(name: 'append' | 'create', config: object): Promise<unknown> {
      const file = join(mkdtempSync(join(tmpdir(), 'oidc-authz-patch-')), 'resource.json');
      const resource = {
        apiVersion: 'operator.kyma-project.io/v1alpha2',
        kind: 'Istio',
        metadata: { name: 'default' },
      };
      writeFileSync(file, JSON.stringify({ ...resource, spec: { config } }));
      const patch = fileURLToPath(new URL(`../../deploy/kyma/${name}.patch.json`, import.meta.url));
      const local = ['patch', '--local', '--filename', file, '--type', 'json', '--output', 'json'];
      const { stdout } = await run(kubectl, [...local, '--patch-file', patch]);
      return JSON.parse(stdout).spec.config.authorizers.map((one: { name: string }) => one.name);
    }

    test('one appends, where there is a list', async () => {
      expect(await patched('append', { authorizers: [last] })).toEqual(['last', 'oidc-authz']);
      await expect(patched('append', {})).rejects.toThrow(/missing path/);
    });

    test('the other makes the list, and only where there is none', async () => {
      expect(await patched('create', {})).toEqual(['oidc-authz']);
      await expect(patched('create', { authorizers: [last] })).rejects.toThrow(/test failed/);
    });
  });
});
