/** `oidc-authz generate` as a process: output, exit codes, and its inputs. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-generate-'));
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const config = file(
  'oidc-authz.yaml',
  'issuers: [{issuer: "https://tenant.example.com", audiences: [orders-api], jwksFile: /absent.json}]',
);
const values = file(
  'values.yaml',
  `image: {repository: registry.example.com/oidc-authz}
config: {issuers: [{issuer: "https://tenant.example.com", audiences: [orders-api]}]}
authorizer: {timeout: 3s}
istio: {enabled: true}
`,
);
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

function generate(...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'generate', ...args], (error, output, errors) =>
      resolve({ code: Number(error?.code ?? 0), output, errors }),
    );
  });
}

afterAll(() => rmSync(folder, { recursive: true }));

describe('generate', () => {
  test('reads a configuration, flags and the environment, but no file that the configuration names', async () => {
    const { code, output, errors } = await generate('kyma', config, '--dpop-max-age', '30s');
    expect([code, errors]).toEqual([0, '']);
    expect(parse(output)[0].value).toMatchObject({ name: 'oidc-authz', port: 8000, timeout: '2s' });
    const short = ['--issuer', 'https://tenant.example.com', '--audience', 'a', '--http-port', '8010'];
    expect(parse((await generate('kyma', ...short)).output)[0].value.port).toBe(8010);
  });

  test('reads the values of the chart, and reports what the chart derives', async () => {
    const { code, output, errors } = await generate('istio', values);
    expect(code).toBe(0);
    expect(output).toContain('timeout: 3s');
    expect(errors).toContain('limits.meshTimeout is 3s, from authorizer.timeout\n');
  });

  test('prints JSON without comments; the comments are on stderr', async () => {
    const { code, output, errors } = await generate('istio', config, '--output', 'json');
    expect([code, errors]).toEqual([0, expect.stringContaining('extensionProviders')]);
    expect(JSON.parse(output).meshConfig.extensionProviders).toHaveLength(1);
  });

  test("fits its patch to Kyma's current resource", async () => {
    const cr = file(
      'istio.yaml',
      'apiVersion: operator.kyma-project.io/v1alpha2\nkind: Istio\nspec: {config: {}}\n',
    );
    const { output } = await generate('kyma', config, '--existing', cr);
    expect(parse(output).map(({ op }: { op: string }) => op)).toEqual(['test', 'add']);
  });

  test.each<[string, string[], RegExp]>([
    ['no target', [], /the target is missing; write generate and one of kyma, istio/],
    ['an unknown target', ['kima', config], /unknown target "kima"; did you mean kyma\?/],
    ['two files', ['kyma', config, '--config', config], /several configuration files/],
    [
      'an unknown flag',
      ['kyma', config, '--apirul'],
      /flag --apirul\): unknown flag; did you mean --apirule\?/,
    ],
    ['a flag of another command', ['kyma', config, '--tokens', 'a'], /it is a flag of compare/],
    ['a flag without its value', ['kyma', config, '--name'], /flag --name\): must have a value/],
    ['a flag with a value too many', ['kyma', config, '--apirule=yes'], /flag --apirule\): takes no value/],
    ['an unknown format', ['kyma', config, '--output', 'toml'], /flag --output\): must be yaml or json/],
    ['a flag of another target', ['kyma', config, '--route', 'a'], /generate kyma does not have it/],
  ])('exits with 3 for %s', async (_, args, message) => {
    const { code, output, errors } = await generate(...args);
    expect([code, output]).toEqual([3, '']);
    expect(errors).toMatch(/^the command line has 1 problem:\n/);
    expect(errors).toMatch(message);
  });

  test.each<[string, string[], RegExp]>([
    ['an invalid configuration', ['kyma', file('bad.yaml', 'issuers: []')], /issuers/],
    ['a configuration that cannot be read', ['kyma', join(folder, 'absent.yaml')], /absent\.yaml/],
    ['a target that cannot do it', ['kyma', config, '--transport', 'grpc'], /over http only/],
    ['a deadline above the timeout', ['kyma', config, '--timeout', '1s'], /limits\.checkDeadline/],
    [
      'a current resource that cannot be read',
      ['kyma', config, '--existing', '/absent'],
      /\/absent\): cannot read/,
    ],
  ])('exits with 2 for %s', async (_, args, message) => {
    const { code, output, errors } = await generate(...args);
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(/^the configuration has \d+ problems?:\n/);
    expect(errors).toMatch(message);
  });
});
