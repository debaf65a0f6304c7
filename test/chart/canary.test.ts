/** The canary of the chart: its workload, the guard in front of it, and the Job. */
import { expect, test } from 'vitest';
import { findHelm } from '../../tools/helm.ts';
import { minimalValues, one, render, valuesFile } from '../support/chart.ts';
import { describeWith } from '../support/real-servers.ts';

const token = { secretName: 'canary-token' };

describeWith('the canary', await findHelm(), (program) => {
  const rendered = (values: object) => render(program, [valuesFile({ ...minimalValues, ...values })]);

  test('is not rendered by default', async () => {
    const names = (await rendered({})).map(({ metadata }) => metadata.name);
    expect(names.filter((name) => name.includes('canary'))).toEqual([]);
  });

  test('sends requests to a workload of its own, which the same provider guards', async () => {
    const manifests = await rendered({ kyma: { enabled: true }, canary: { enabled: true, token } });
    const name = /-canary$/;
    const workload = one(manifests, 'Deployment', name).spec.template;
    const service = one(manifests, 'Service', name);
    const guard = one(manifests, 'AuthorizationPolicy', name).spec;
    expect(workload.metadata.labels).toMatchObject(service.spec.selector);
    expect(workload.metadata.labels).toMatchObject(guard.selector.matchLabels);
    expect(guard).toMatchObject({ action: 'CUSTOM', provider: { name: 'oidc-authz' } });
    expect(workload.metadata.labels['sidecar.istio.io/inject']).toBe('true');
    const { args } = one(manifests, 'CronJob', name).spec.jobTemplate.spec.template.spec.containers[0];
    const url = args[args.indexOf('--url') + 1];
    expect(url).toBe(
      `http://${service.metadata.name}.${service.metadata.namespace}.svc.cluster.local:${service.spec.ports[0].port}/`,
    );
    // The pods of the service must not become endpoints of the canary, and the other way round.
    const own = one(manifests, 'Deployment', /^(?!.*canary)/).spec.selector.matchLabels;
    expect(workload.metadata.labels).not.toMatchObject(own);
  });

  test('uses the URL of a workload outside the chart, with `helm test`', async () => {
    const canary = { enabled: true, runAs: 'HelmTest', url: 'https://echo.example.com/', token };
    const manifests = await rendered({ canary });
    expect(manifests.filter(({ metadata }) => /canary/.test(metadata.name)).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['Job']),
    );
    expect(
      manifests.some(({ kind, metadata }) => kind === 'Deployment' && /canary/.test(metadata.name)),
    ).toBe(false);
    const job = one(manifests, 'Job', /-canary$/);
    expect(job.metadata.annotations?.['helm.sh/hook']).toBe('test');
    expect(job.spec.template.spec.containers[0].args).toContain('https://echo.example.com/');
  });

  test.each([
    [{ canary: { enabled: true, url: 'https://a.example.com/' } }, 'canary.token.secretName'],
    [{ canary: { enabled: true, token } }, 'canary.url'],
    [
      { canary: { enabled: true, url: 'https://a.example.com/', token: { ...token, scope: 'a' } } },
      'canary.token: scope',
    ],
    [{ canary: { runAs: 'Deployment' } }, '/canary/runAs'],
  ])('rejects %j', async (values, message) => {
    await expect(rendered(values)).rejects.toThrow(message);
  });
});
