/** The scripts of the chart, run against a real service and a real kubectl. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findKubectl } from '../../tools/helm.ts';
import { startApp } from '../support/app.ts';
import { createAuthority } from '../support/certificates.ts';
import { chartFolder } from '../support/chart.ts';
import { type Entry, hostileNames, other, others, shapes } from '../support/istio-resource.ts';
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

  test('passes if a check without a token is denied over HTTP and gRPC', async () => {
    const { httpPort, grpcPort } = await startApp();
    const { stdout } = await check(`http://127.0.0.1:${httpPort}`, `grpc://127.0.0.1:${grpcPort}`);
    expect(stdout.match(/ended in 401/g)).toHaveLength(2);
  });

  test('passes over TLS with an untrusted certificate', async () => {
    const { certFile, keyFile } = createAuthority().issue('authz');
    const flags = ['http', 'grpc'].flatMap((listener) => [
      `--${listener}-tls-cert-file=${certFile}`,
      `--${listener}-tls-key-file=${keyFile}`,
    ]);
    const { httpPort, grpcPort } = await startApp({ flags });
    const { stdout } = await check(`https://127.0.0.1:${httpPort}`, `grpcs://127.0.0.1:${grpcPort}`);
    expect(stdout.match(/ended in 401/g)).toHaveLength(2);
  });

  test('fails if another server answers, or none', async () => {
    const { adminPort } = await startApp();
    await expect(check(`http://127.0.0.1:${adminPort}`)).rejects.toMatchObject({ code: 1 });
    await expect(check(`grpc://127.0.0.1:${adminPort}`)).rejects.toMatchObject({ code: 1 });
    await expect(check('grpc://127.0.0.1:1')).rejects.toMatchObject({ code: 1 });
  });
});

describeWith('registration with Kyma, by a real kubectl', await findKubectl(), (kubectl) => {
  const ours: Entry = { name: 'oidc-authz', port: 8000 };

  /**
   * Runs the script against a resource in a file. A real kubectl prints it with the script's template, and patches it.
   *
   * @param meanwhile changes the resource between the two calls
   */
  async function register(
    spec: unknown,
    { meanwhile, name = ours.name }: { meanwhile?: unknown; name?: string } = {},
  ): Promise<unknown> {
    const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-kubectl-'));
    const file = join(folder, 'resource.json');
    const resource = (version: string, of: unknown) =>
      JSON.stringify({
        apiVersion: 'operator.kyma-project.io/v1alpha2',
        kind: 'Istio',
        metadata: { name: 'default', namespace: 'kyma-system', resourceVersion: version },
        spec: of,
      });
    writeFileSync(file, resource('7', spec));
    writeFileSync(
      join(folder, 'kubectl'),
      `#!${process.execPath}
const { execFileSync } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const file = ${JSON.stringify(file)};
const [flag, namespace, verb, kind, name, ...rest] = process.argv.slice(2);
if ([flag, namespace, kind, name].join() !== '--namespace,kyma-system,istios.operator.kyma-project.io,default') process.exit(9);
const local = (...args) => execFileSync(${JSON.stringify(kubectl)}, ['patch', '--local', '--filename', file, ...args]);
if (verb === 'patch') writeFileSync(file, local(...rest, '--output', 'json'));
else if (verb === 'get') {
  process.stdout.write(local('--type', 'json', '--patch', '[]', ...rest));
  ${meanwhile === undefined ? '' : `writeFileSync(file, ${JSON.stringify(resource('8', meanwhile))});`}
} else process.exit(9);
`,
    );
    chmodSync(join(folder, 'kubectl'), 0o755);
    const script = `name='${name}'\nentry='${JSON.stringify(ours)}'\n${readFileSync(`${chartFolder}/files/register-kyma.sh`, 'utf8')}`;
    await run('sh', ['-c', script], { env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
    return JSON.parse(readFileSync(file, 'utf8')).spec;
  }

  const withEntries = (...authorizers: readonly Entry[]) => ({ config: { authorizers } });
  const [first, last] = [other('oauth2-proxy'), other('last')];

  test.each(shapes)('$shape: adds its entry and changes nothing else', async ({ spec }) => {
    const authorizers = [...(spec?.config?.authorizers ?? []), ours];
    expect(await register(spec)).toEqual({ ...spec, config: { ...spec?.config, authorizers } });
  });

  test('replaces its own entry and no other', async () => {
    const older = { name: 'oidc-authz', service: 'old.old.svc.cluster.local', timeout: '600s' };
    expect(await register(withEntries(first, older, last))).toEqual(withEntries(first, ours, last));
    expect(await register(withEntries(older, last))).toEqual(withEntries(ours, last));
    expect(await register(withEntries(first, ours))).toEqual(withEntries(first, ours));
  });

  test('replaces its own entry among any other names, and changes no other entry', async () => {
    const someNames = hostileNames.map(other);
    expect(await register(withEntries(...someNames, { name: 'oidc-authz' }, last))).toEqual(
      withEntries(...someNames, ours, last),
    );
    await fc.assert(
      fc.asyncProperty(others, others, fc.boolean(), async (before, after, isThere) => {
        const there = isThere ? [{ name: 'oidc-authz', port: 1 }] : [];
        const result = await register(withEntries(...before, ...there, ...after));
        expect(result).toEqual(
          isThere ? withEntries(...before, ours, ...after) : withEntries(...before, ...after, ours),
        );
      }),
      { numRuns: 12 },
    );
  });

  test('fails if two entries have its name', async () => {
    await expect(register(withEntries(ours, first, ours))).rejects.toThrow(
      /several entries have the name oidc-authz/,
    );
  });

  test.each(['', 'Oidc', 'a b', "'$(exit 1)'", '"}}', '-a', 'a-'])(
    'rejects the name %j, which is not a DNS label',
    async (name) => {
      const quoted = name.replaceAll("'", "'\\''");
      await expect(register(withEntries(first), { name: quoted })).rejects.toThrow(/is not a DNS label/);
    },
  );

  test('changes nothing if the resource changes at the same time', async () => {
    const meanwhile = withEntries(last, first);
    await expect(register(withEntries(first), { meanwhile })).rejects.toThrow(
      /test failed[\s\S]*not registered/,
    );
    await expect(register(withEntries(first, ours), { meanwhile })).rejects.toThrow(
      /test failed[\s\S]*not registered/,
    );
  });
});
