/** The registration with Kyma, against a real API server that accepts any name of an authorizer, as Kyma's definition does. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { laxIstioDefinition, startTestCluster, type TestCluster } from '../support/cluster.ts';
import { type Entry, hostileNames, other, others, shapes } from '../support/istio-resource.ts';

const deploy = fileURLToPath(new URL('../../deploy/kyma/', import.meta.url));
const [ours] = parse(readFileSync(`${deploy}istio.yaml`, 'utf8')).spec.config.authorizers as Entry[];
const older: Entry = {
  name: 'oidc-authz',
  service: 'old.old.svc.cluster.local',
  port: 4180,
  timeout: '600s',
};
const istio = 'istios.operator.kyma-project.io';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
  await cluster.kubectl(['apply', '--server-side', '--filename', '-'], laxIstioDefinition());
  await cluster.kubectl(['create', 'namespace', 'kyma-system']);
});
afterAll(() => cluster?.stop());

async function create(spec: unknown): Promise<void> {
  await cluster.kubectl(['--namespace', 'kyma-system', 'delete', istio, 'default', '--ignore-not-found']);
  const metadata = { name: 'default', namespace: 'kyma-system' };
  const resource = { apiVersion: 'operator.kyma-project.io/v1alpha2', kind: 'Istio', metadata, spec };
  await cluster.kubectl(['create', '--filename', '-'], JSON.stringify(resource));
}

const specification = async () => (await cluster.get(istio, 'default', 'kyma-system')).spec;
const register = () => cluster.shell(`sh ${deploy}register.sh`);
/** Runs the script with a wrapper of kubectl. */
function registerWith(kubectl: string) {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-authz-own-kubectl-'));
  writeFileSync(join(folder, 'kubectl'), `#!/bin/sh\nPATH=\${PATH#*:}${kubectl}\n`, { mode: 0o755 });
  return cluster.shell(`PATH=${folder}:$PATH sh ${deploy}register.sh`);
}
const patch = (name: string) =>
  cluster.shell(
    `kubectl -n kyma-system patch istio default --type json --patch-file ${deploy}${name}.patch.json`,
  );
const withEntries = (...authorizers: readonly Entry[]) => ({ config: { authorizers } });

/** The specification as the server stores it, without null. */
const stored = (spec: unknown): Record<string, unknown> =>
  JSON.parse(JSON.stringify(spec ?? {}, (_, value) => value ?? undefined));

describe('register.sh', () => {
  test.each(shapes)('$shape: adds its entry and changes nothing else', async ({ spec }) => {
    await create(spec);
    expect(await register()).toMatchObject({ code: 0 });
    const authorizers = [...(spec?.config?.authorizers ?? []), ours];
    expect(await specification()).toEqual({
      ...stored(spec),
      config: { ...stored(spec?.config), authorizers },
    });
  });

  test.each([
    ['the same entry', ours],
    ['an older entry', older],
    ['an entry with other headers', { ...ours, headers: { inCheck: { include: ['x'] } } }],
  ])('replaces %s, also a second time, and no other entry', async (_, entry) => {
    const [first, last] = [other('oauth2-proxy'), other('last')];
    await create(withEntries(first, entry as Entry, last));
    for (let round = 0; round < 2; round++) {
      expect(await register()).toMatchObject({ code: 0 });
      expect(await specification()).toEqual(withEntries(first, ours as Entry, last));
    }
  });

  test('replaces its own entry among hostile names, and changes no other entry', async () => {
    const odd = hostileNames.map(other);
    await create(withEntries(...odd));
    expect(await register()).toMatchObject({ code: 0 });
    expect(await specification()).toEqual(withEntries(...odd, ours as Entry));
    await create(withEntries(...odd, older, other('last')));
    expect(await register()).toMatchObject({ code: 0 });
    expect(await specification()).toEqual(withEntries(...odd, ours as Entry, other('last')));
  });

  test('with random names, only its own entry changes, at its index or at the end', async () => {
    await fc.assert(
      fc.asyncProperty(others, others, fc.boolean(), async (before, after, isThere) => {
        await create(withEntries(...before, ...(isThere ? [older] : []), ...after));
        expect(await register()).toMatchObject({ code: 0 });
        expect(await specification()).toEqual(
          withEntries(...before, ...(isThere ? [ours as Entry, ...after] : [...after, ours as Entry])),
        );
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  test('reports two entries with its name, and changes nothing', async () => {
    const spec = withEntries(ours as Entry, other('last'), older);
    await create(spec);
    const { code, errors } = await register();
    expect([code, errors]).toEqual([1, expect.stringMatching(/several entries have the name oidc-authz/)]);
    expect(await specification()).toEqual(spec);
  });

  test('needs only permission to get and patch the resource', async () => {
    const as = '\nkubectl --as registrar "$@"';
    const role = ['create', 'role', 'registrar', '--namespace', 'kyma-system', `--resource=${istio}`];
    await create({});
    expect(await registerWith(as)).toMatchObject({ code: 1, errors: expect.stringMatching(/forbidden/i) });
    await cluster.kubectl([...role, '--resource-name=default', '--verb=get', '--verb=patch']);
    const bind = ['create', 'rolebinding', 'registrar', '--role=registrar', '--user=registrar'];
    await cluster.kubectl([...bind, '--namespace', 'kyma-system']);
    expect(await registerWith(as)).toMatchObject({ code: 0 });
    expect(await specification()).toEqual(withEntries(ours as Entry));
  });

  test('fails if the Istio resource does not exist', async () => {
    await cluster.kubectl(['--namespace', 'kyma-system', 'delete', istio, 'default', '--ignore-not-found']);
    const { code, errors } = await register();
    expect([code, errors]).toEqual([1, expect.stringMatching(/"default" not found/)]);
  });

  test('fails if the resource changes between get and patch', async () => {
    await create(withEntries(other('a'), older));
    const entry = '[{"op":"add","path":"/spec/config/authorizers/0","value":{"name":"new","port":1}}]';
    // After each get, another client inserts an entry at the front.
    const { code, errors } = await registerWith(`
kubectl "$@" || exit
[ "$3" = get ] || exit 0
kubectl -n kyma-system patch istio default --type json --patch '${entry}' >/dev/null`);
    expect([code, errors]).toEqual([1, expect.stringMatching(/not registered: .* register again/)]);
    const names = (await specification()).config.authorizers.map(({ name }: Entry) => name);
    expect(names).toEqual(['new', 'a', 'oidc-authz']);
    expect((await specification()).config.authorizers[2]).toEqual(older);
  });
});

describe('the bare patches', () => {
  const names = ['append', 'create', 'create-config', 'create-spec'] as const;
  // The server does not store null, so the shapes with null do not exist there.
  test.each(shapes.filter(({ shape }) => !shape.startsWith('null')))(
    '$shape: only $fits applies',
    async ({ spec, fits }) => {
      await create(spec);
      const before = await specification();
      for (const name of names.filter((one) => one !== fits)) {
        expect([name, (await patch(name)).code]).toEqual([name, 1]);
        expect(await specification()).toEqual(before);
      }
      expect(await patch(fits)).toMatchObject({ code: 0 });
      const authorizers = [...(spec?.config?.authorizers ?? []), ours];
      expect(await specification()).toEqual({ ...spec, config: { ...spec?.config, authorizers } });
    },
  );
});

describe('the entry', () => {
  beforeEach(() => create({}));
  test('is valid under the strict definition', async () => {
    expect(await register()).toMatchObject({ code: 0 });
    const strict = fileURLToPath(new URL('../../tools/crds/kyma-istio.yaml', import.meta.url));
    await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '--filename', strict]);
    const again = await cluster.shell(`kubectl -n kyma-system annotate ${istio} default a=b`);
    expect(again).toMatchObject({ code: 0 });
  });
});
