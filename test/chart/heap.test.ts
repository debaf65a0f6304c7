/** The heap size of the pods, compared with how an API server reads the same memory limit. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findHelm } from '../../tools/helm.ts';
import { findQuantityReader, readQuantities } from '../../tools/validators.ts';
import { type Manifest, minimalValues, one, render, valuesFile } from '../support/chart.ts';
import { describeWith } from '../support/real-servers.ts';

const mebibyte = 1024n ** 2n;
const reader = await findQuantityReader();

/** Values with the memory limit as YAML text, because its notation matters. */
const withLimits = (limits: string, more: object = {}) =>
  `${JSON.stringify({ ...minimalValues, ...more }).slice(0, -1)}, resources: {limits: ${limits}}}`;
const withMemory = (memory: string, more: object = {}) => withLimits(`{cpu: "2", memory: ${memory}}`, more);
const workers = (count: number | string) => ({ config: { ...minimalValues.config, workers: count } });

describeWith('the heap', await findHelm(), (program) => {
  async function container(values: string): Promise<Manifest> {
    const { spec } = one(await render(program, [valuesFile(values)]), 'Deployment').spec.template;
    return spec.containers[0];
  }
  const optionsOf = ({ env }: Manifest): string | undefined =>
    env?.find(({ name }: { name: string }) => name === 'NODE_OPTIONS')?.value;
  const nodeOptions = async (values: string) => optionsOf(await container(values));
  const heapOf = (one: Manifest) => Number(/--max-old-space-size=(\d+)/.exec(optionsOf(one) ?? '')?.[1]);
  const heap = async (values: string) => heapOf(await container(values));

  describeWith('follows the quantity that an API server reads from', reader, (quantities) => {
    const share = (bytes: bigint | undefined, count = 1n) =>
      Number((((bytes ?? 0n) / mebibyte) * 60n) / 100n / count);

    test.each([
      ...[
        '384Mi',
        '1Gi',
        '1.5Gi',
        '"1.5Gi"',
        '.5Gi',
        '5.Gi',
        '+1Gi',
        '1Ti',
        '500M',
        '0.5Gi',
        '393216Ki',
        '2G',
        '1T',
      ],
      ...['5e8', '"5e8"', '5E8', '"512e6"', '512e6', '5.12e+8', '"0.5e9"', '1Pi', '1E', '524288k'],
      ...[
        '536870912',
        '"536870912"',
        '1073741824',
        '300000000',
        '402653184000m',
        '"402653184000m"',
        '4e17u',
        '4e17n',
      ],
    ])('%s', async (memory) => {
      const [bytes] = await readQuantities(quantities, `[${memory}]`);
      if (bytes === undefined)
        await expect(heap(withMemory(memory))).rejects.toThrow('/resources/limits/memory');
      else {
        const rendered = await container(withMemory(memory));
        const limit = JSON.stringify([rendered.resources.limits.memory]);
        expect(await readQuantities(quantities, limit)).toEqual([bytes]);
        expect(heapOf(rendered)).toBe(share(bytes));
      }
    });

    test('a random quantity', async () => {
      const amount = fc.oneof(
        fc.nat(999_999).map(String),
        fc.tuple(fc.nat(9_999), fc.nat(999_999)).map(([whole, part]) => `${whole}.${part}`),
        fc.nat(999).map((part) => `.${part}`),
        fc.nat(999).map((whole) => `${whole}.`),
      );
      const unit = fc.oneof(
        fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'Ti'),
        fc
          .tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.nat(9))
          .map((parts) => parts.join('')),
      );
      const texts = fc.sample(
        fc.tuple(amount, unit).map((parts) => JSON.stringify(parts.join(''))),
        400,
      );
      const numbers = fc
        .sample(fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e13, noNaN: true })), 100)
        .map(String);
      const list = `[${[...texts, ...numbers].join(', ')}]`;
      const script = '{{ range .Values.global.written }}\n- {{ include "oidc-authz.mebibytes" . }}{{ end }}';
      const extraObjects = [`kind: List\nmetadata: {name: written}\nitems:${script}`];
      const values = `${JSON.stringify({ ...minimalValues, extraObjects }).slice(0, -1)}, global: {written: ${list}}}`;
      const { items } = one(await render(program, [valuesFile(values)]), 'List');
      const expected = await readQuantities(quantities, list);
      expect(items).toEqual(expected.map((bytes) => Number((bytes ?? -1n) / mebibyte)));
    });

    test.each([
      [2, '1Gi', 2n],
      [3, '384Mi', 3n],
      [64, '8Gi', 64n],
      ['auto', '384Mi', 2n],
    ])('%s workers with a limit of %s', async (count, memory, parts) => {
      const [bytes] = await readQuantities(quantities, `[${memory}]`);
      const options = `--max-old-space-size=${share(bytes, parts)} --allow-child-process`;
      expect(await nodeOptions(withMemory(memory, workers(count)))).toBe(options);
    });
  });

  describe('is chosen by Node.js', () => {
    test.each([
      ['without resources', `${JSON.stringify(minimalValues).slice(0, -1)}, resources: null}`],
      ['without limits', withLimits('null')],
      ['without a memory limit', withMemory('null')],
      ['with heapPercent 0', withMemory('1Gi', { heapPercent: 0 })],
    ])('%s', async (_, values) => {
      expect(await nodeOptions(values)).toBeUndefined();
    });

    test('if the number of workers is unknown', async () => {
      const values = withLimits('{cpu: null, memory: 1Gi}', workers('auto'));
      expect(await nodeOptions(values)).toBe('--allow-child-process');
    });

    test('and the chart writes no limit', async () => {
      for (const limits of ['null', '{cpu: null, memory: null, ephemeral-storage: null}']) {
        const manifests = await render(program, [valuesFile(withLimits(limits))]);
        const [{ resources }] = one(manifests, 'Deployment').spec.template.spec.containers;
        expect(resources.limits ?? {}).toEqual({});
        expect(resources.requests.memory).toBe('192Mi');
      }
    });
  });

  describe('is rejected if it is too low for', () => {
    test.each([
      [
        'one process',
        '64Mi',
        1,
        /resources\.limits\.memory: 64Mi is too low, because the service needs at least 96Mi/,
      ],
      ['one process, in milli-units', '500m', 1, /resources\.limits\.memory: 500m is too low/],
      ['one process, with 0', '0', 1, /resources\.limits\.memory: 0 is too low/],
      [
        'many workers',
        '384Mi',
        8,
        /384Mi is too low, because 8 workers .* at least 864Mi; .*config\.workers/,
      ],
      ['the maximum number of workers', '1Gi', 64, /1Gi is too low, because 64 workers .* at least 6240Mi/],
    ])('%s', async (_, memory, count, message) => {
      await expect(heap(withMemory(memory, workers(count)))).rejects.toThrow(message);
    });

    test('the configured heapPercent', async () => {
      const values = withMemory('384Mi', { heapPercent: 1 });
      await expect(heap(values)).rejects.toThrow(/heapPercent: 1 gives each process a heap of 3Mi/);
    });

    test('the number of workers that the CPU limit allows', async () => {
      const values = withLimits('{cpu: 7500m, memory: 384Mi}', workers('auto'));
      await expect(heap(values)).rejects.toThrow(
        /384Mi is too low, because 8 workers .* resources\.limits\.cpu/,
      );
    });
  });

  test('is not written for an invalid quantity', async () => {
    for (const memory of ['384MB', '384mb', '"1 Gi"', '1K', '-1Gi', '""', 'lots', '1e3Mi', '{}', 'true'])
      await expect(heap(withMemory(memory))).rejects.toThrow("at '/resources/limits/memory'");
  });
});
