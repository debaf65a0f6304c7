/** The bare patches, applied to every shape of Kyma's Istio resource as the API server would. */
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
  test.each(shapes)('$shape: exactly $fits applies, and all that was there stays', ({ spec, fits }) => {
    const document = resource(spec);
    const answers = applyPatches(
      program,
      patches.map(({ patch }) => ({ document, patch })),
    );
    const applied = patches
      .map(({ name }) => name)
      .filter((_, index) => 'document' in (answers[index] ?? {}));
    expect(applied).toEqual([fits]);

    const authorizers = [...(spec?.config?.authorizers ?? []), entry];
    expect(answers.find((one) => 'document' in one)).toEqual({
      document: resource({ ...spec, config: { ...spec?.config, authorizers } }),
    });
  });

  test('a second registration never takes the place of the first', () => {
    const document = resource({ config: { authorizers: [entry] } });
    const answers = applyPatches(
      program,
      patches.slice(1).map(({ patch }) => ({ document, patch })),
    );
    expect(answers.every((one) => 'error' in one)).toBe(true);
  });
});
