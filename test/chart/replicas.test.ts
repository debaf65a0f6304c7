/** How many pods the chart asks for, with the number that runs at hand and without. */
import { describe, expect, test } from 'vitest';
import { findHelm } from '../../tools/helm.ts';
import { startApiServer } from '../support/api-server.ts';
import { leastValues, one, render, valuesFile } from '../support/chart.ts';
import { describeWith } from '../support/real-servers.ts';

describeWith('the number of pods', await findHelm(), (program) => {
  const replicas = async (values: object, flags: readonly string[] = []) =>
    one(await render(program, [valuesFile({ ...leastValues, ...values })], flags), 'Deployment').spec
      .replicas;

  test('is the one of the values, 0 too', async () => {
    expect(await replicas({})).toBe(2);
    expect(await replicas({ replicaCount: 5 })).toBe(5);
    expect(await replicas({ replicaCount: 0 })).toBe(0);
  });

  describe('where the autoscaler decides', () => {
    const autoscaling = { enabled: true, minReplicas: 3 };
    async function beside(running: number, values: object): Promise<number> {
      const metadata = {
        namespace: 'oidc-authz',
        name: 'oidc-authz',
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: {
          'meta.helm.sh/release-name': 'oidc-authz',
          'meta.helm.sh/release-namespace': 'oidc-authz',
        },
      };
      const kubeconfig = await startApiServer({ metadata, spec: { replicas: running } });
      const flags = ['--dry-run=server', '--disable-openapi-validation', '--kubeconfig', kubeconfig];
      return replicas(values, flags);
    }

    test('stays what runs', async () => {
      expect(await beside(4, { autoscaling })).toBe(4);
      expect(await beside(9, { autoscaling, replicaCount: 2 })).toBe(9);
    });

    test('is the fewest where none runs, since the autoscaler leaves 0 alone', async () => {
      expect(await beside(0, { autoscaling })).toBe(3);
    });

    test('is that of the values again once it no longer decides', async () => {
      expect(await beside(9, { replicaCount: 4 })).toBe(4);
    });

    test('is the fewest in a new release, and without a cluster', async () => {
      expect(await beside(7, { autoscaling, fullnameOverride: 'other' })).toBe(3);
      expect(await replicas({ autoscaling })).toBe(3);
    });

    test('is not said where that is wished', async () => {
      expect(await replicas({ autoscaling: { ...autoscaling, omitReplicas: true } })).toBeUndefined();
      expect(await beside(4, { autoscaling: { ...autoscaling, omitReplicas: true } })).toBeUndefined();
    });
  });
});
