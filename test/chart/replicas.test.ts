/** The number of pods that the chart requests, with and without access to the current number. */
import { describe, expect, test } from 'vitest';
import { findHelm } from '../../tools/helm.ts';
import { startApiServer } from '../support/api-server.ts';
import { minimalValues, one, render, valuesFile } from '../support/chart.ts';
import { describeWith } from '../support/real-servers.ts';

describeWith('the number of pods', await findHelm(), (program) => {
  const replicas = async (values: object, flags: readonly string[] = []) =>
    one(await render(program, [valuesFile({ ...minimalValues, ...values })], flags), 'Deployment').spec
      .replicas;

  test('is replicaCount, also for 0', async () => {
    expect(await replicas({})).toBe(2);
    expect(await replicas({ replicaCount: 5 })).toBe(5);
    expect(await replicas({ replicaCount: 0 })).toBe(0);
  });

  describe('with the autoscaler', () => {
    const autoscaling = { enabled: true, minReplicas: 3 };
    async function replicasWith(
      running: number,
      values: object,
      managedFields: object[] = [],
    ): Promise<number> {
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

    test('is the current number', async () => {
      expect(await replicasWith(4, { autoscaling })).toBe(4);
      expect(await replicasWith(9, { autoscaling, replicaCount: 2 })).toBe(9);
    });

    const applied = (spec: object) => ({ manager: 'helm', operation: 'Apply', fieldsV1: { 'f:spec': spec } });
    const scaled = { manager: 'kube-controller-manager', operation: 'Update', subresource: 'scale' };

    test('is written while helm owns the field, because the API server would reset it to 1', async () => {
      expect(await replicasWith(4, { autoscaling }, [applied({ 'f:replicas': {} })])).toBe(4);
      expect(await replicasWith(4, { autoscaling }, [applied({ 'f:replicas': {} }), scaled])).toBe(4);
      expect(await replicasWith(4, { autoscaling }, [{ manager: 'helm', operation: 'Update' }])).toBe(4);
    });

    test('is omitted after the autoscaler has set it, so that a rollback does not change it', async () => {
      expect(await replicasWith(7, { autoscaling }, [applied({ 'f:selector': {} }), scaled])).toBeUndefined();
      expect(await replicasWith(7, { replicaCount: 4 }, [applied({ 'f:selector': {} }), scaled])).toBe(4);
    });

    test('is minReplicas if no pod runs, because the autoscaler ignores 0', async () => {
      expect(await replicasWith(0, { autoscaling })).toBe(3);
    });

    test('is replicaCount again after autoscaling is disabled', async () => {
      expect(await replicasWith(9, { replicaCount: 4 })).toBe(4);
    });

    test('is minReplicas in a new release, and without a cluster', async () => {
      expect(await replicasWith(7, { autoscaling, fullnameOverride: 'other' })).toBe(3);
      expect(await replicas({ autoscaling })).toBe(3);
    });

    test('is omitted with omitReplicas', async () => {
      expect(await replicas({ autoscaling: { ...autoscaling, omitReplicas: true } })).toBeUndefined();
      expect(await replicasWith(4, { autoscaling: { ...autoscaling, omitReplicas: true } })).toBeUndefined();
    });
  });
});
