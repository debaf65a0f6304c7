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
    async function beside(running: number, values: object, managedFields: object[] = []): Promise<number> {
      const metadata = {
        namespace: 'oidc-authz',
        name: 'oidc-authz',
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        managedFields,
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

    const applied = (spec: object) => ({ manager: 'helm', operation: 'Apply', fieldsV1: { 'f:spec': spec } });
    const scaled = { manager: 'kube-controller-manager', operation: 'Update', subresource: 'scale' };

    test('is said as long as it is helm that has set it: without it the API server would make it 1', async () => {
      expect(await beside(4, { autoscaling }, [applied({ 'f:replicas': {} })])).toBe(4);
      expect(await beside(4, { autoscaling }, [applied({ 'f:replicas': {} }), scaled])).toBe(4);
      expect(await beside(4, { autoscaling }, [{ manager: 'helm', operation: 'Update' }])).toBe(4);
    });

    test('is left to the autoscaler once that has set it, so that a rollback has nothing to say', async () => {
      expect(await beside(7, { autoscaling }, [applied({ 'f:selector': {} }), scaled])).toBeUndefined();
      expect(await beside(7, { replicaCount: 4 }, [applied({ 'f:selector': {} }), scaled])).toBe(4);
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
