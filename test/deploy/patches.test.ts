/** The patches in deploy/kyma, applied to every shape of Kyma's Istio resource by the patch library of the API server. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { applyPatches, findJsonPatch } from '../../tools/json-patch.ts';
import { shapes } from '../support/istio-resource.ts';
import { describeWith } from '../support/real-servers.ts';

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../deploy/kyma/${path}`, import.meta.url)), 'utf8');
const [entry] = parse(read('istio.yaml')).spec.config.authorizers;
const patches = ['append', 'create', 'create-config', 'create-spec'].map((name) => ({
  name,
  patch: JSON.parse(read(`${name}.patch.json`)) as object[],
}));
const resource = (spec: unknown) => ({
  apiVersion: 'operator.kyma-project.io/v1alpha2',
  kind: 'Istio',
  metadata: { name: 'default', namespace: 'kyma-system' },
  ...(spec !== undefined && { spec }),
});

describeWith("the API server's patch library", await findJsonPatch(), (program) => {
  test.each(shapes)('$shape: only $fits applies, and it keeps all existing entries', ({ spec, fits }) => {
    const document = resource(spec);
    const results = applyPatches(
      program,
      patches.map(({ patch }) => ({ document, patch })),
    );
    const applied = patches
      .map(({ name }) => name)
      .filter((_, index) => 'document' in (results[index] ?? {}));
    expect(applied).toEqual([fits]);

    const authorizers = [...(spec?.config?.authorizers ?? []), entry];
    expect(results.find((result) => 'document' in result)).toEqual({
      document: resource({ ...spec, config: { ...spec?.config, authorizers } }),
    });
  });

  test('a second registration does not replace the first', () => {
    const document = resource({ config: { authorizers: [entry] } });
    const results = applyPatches(
      program,
      patches.slice(1).map(({ patch }) => ({ document, patch })),
    );
    expect(results.every((result) => 'error' in result)).toBe(true);
  });
});
