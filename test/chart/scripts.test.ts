/** The scripts that the chart carries, run for real. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { chartFolder } from '../support/chart.ts';

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

describe('registration with Kyma', () => {
  const ours = { name: 'oidc-authz', port: 8000 };

  /** A kubectl that answers the script's questions about one resource and writes down what would be patched. */
  async function register(spec: object | undefined, version = '7'): Promise<unknown> {
    const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-kubectl-'));
    const [resource, patches] = [join(folder, 'resource.json'), join(folder, 'patches.json')];
    writeFileSync(resource, JSON.stringify({ metadata: { resourceVersion: version }, spec }));
    writeFileSync(
      join(folder, 'kubectl'),
      `#!${process.execPath}
const { readFileSync, writeFileSync } = require('node:fs');
const { metadata, spec } = JSON.parse(readFileSync(${JSON.stringify(resource)}, 'utf8'));
const words = process.argv.slice(2);
const [, namespace, verb, kind, name] = words;
if (namespace !== 'kyma-system' || kind !== 'istio' || name !== 'default') process.exit(9);
if (verb === 'patch') writeFileSync(${JSON.stringify(patches)}, JSON.stringify(words));
else if (words.at(-1).includes('resourceVersion')) process.stdout.write(metadata.resourceVersion);
else if (words.at(-1).includes('range')) process.stdout.write((spec?.config?.authorizers ?? []).map((one) => one.name + '\\n').join(''));
else {
  const shown = words.at(-1).includes('config') ? spec?.config : spec;
  process.stdout.write(shown === undefined ? '' : JSON.stringify(shown));
}
`,
    );
    chmodSync(join(folder, 'kubectl'), 0o755);
    const script = `name=${ours.name}\nentry='${JSON.stringify(ours)}'\n${readFileSync(`${chartFolder}/files/register-kyma.sh`, 'utf8')}`;
    await run('sh', ['-c', script], { env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
    const words = JSON.parse(readFileSync(patches, 'utf8')) as string[];
    expect(words.slice(0, 7)).toEqual([
      '--namespace',
      'kyma-system',
      'patch',
      'istio',
      'default',
      '--type',
      'json',
    ]);
    const [unchanged, change] = JSON.parse(words.at(-1) ?? '');
    expect(unchanged).toEqual({ op: 'test', path: '/metadata/resourceVersion', value: version });
    return change;
  }

  const others = [{ name: 'oauth2-proxy' }, { name: 'opa' }];
  test.each([
    [
      'appends to the authorizers that are there',
      { config: { authorizers: others } },
      { op: 'add', path: '/spec/config/authorizers/-', value: ours },
    ],
    [
      'replaces its own entry and no other',
      { config: { authorizers: [...others, { name: 'oidc-authz' }, { name: 'last' }] } },
      { op: 'replace', path: '/spec/config/authorizers/2', value: ours },
    ],
    [
      'replaces the first',
      { config: { authorizers: [{ name: 'oidc-authz' }] } },
      { op: 'replace', path: '/spec/config/authorizers/0', value: ours },
    ],
    [
      'makes the list where it is empty',
      { config: { authorizers: [] } },
      { op: 'add', path: '/spec/config/authorizers', value: [ours] },
    ],
    [
      'makes the list where there is none',
      { config: { numTrustedProxies: 1 } },
      { op: 'add', path: '/spec/config/authorizers', value: [ours] },
    ],
    [
      'makes all that holds the list',
      undefined,
      { op: 'add', path: '/spec', value: { config: { authorizers: [ours] } } },
    ],
    ['makes what holds the list', {}, { op: 'add', path: '/spec/config', value: { authorizers: [ours] } }],
  ])('%s', async (_, spec, change) => {
    expect(await register(spec)).toEqual(change);
  });
});
