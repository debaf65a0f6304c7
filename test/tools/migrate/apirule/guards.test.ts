/** Objects that restrict access in addition to APIRules: they are reported, and the exit code is 3. */
import { expect, test } from 'vitest';
import { migrateApiRule } from '../../../../src/tools/migrate/apirule/migrate.ts';

const apiRule = `apiVersion: gateway.kyma-project.io/v1beta1
kind: APIRule
metadata: {name: orders, namespace: shop}
spec:
  host: orders.shop.example
  gateway: kyma-gateway.kyma-system.svc.cluster.local
  service: {name: orders, port: 80}
  rules:
  - {path: /open, methods: [GET], accessStrategies: [{handler: no_auth}]}
`;
const migrated = (other: string, accept: readonly string[] = []) =>
  migrateApiRule({
    files: [{ name: 'given.yaml', text: `${apiRule}---\n${other}\n` }],
    audiences: [],
    authorizer: 'oidc-authz',
    output: 'all',
    accept,
  });
const object = (kind: string, apiVersion: string, more = '') =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x, namespace: shop${more}}\nspec: {}`;

test.each([
  ['AuthorizationPolicy', 'security.istio.io/v1'],
  ['RequestAuthentication', 'security.istio.io/v1'],
  ['EnvoyFilter', 'networking.istio.io/v1alpha3'],
  ['NetworkPolicy', 'networking.k8s.io/v1'],
  ['Rule', 'oathkeeper.ory.sh/v1alpha1'],
])('refuses %s', async (kind, apiVersion) => {
  const { exitCode, output, report } = await migrated(object(kind, apiVersion));
  expect([exitCode, output]).toEqual([3, '']);
  expect(report).toContain(`${kind}/x (given.yaml:12:1): refused because it is not read`);
  expect((await migrated(object(kind, apiVersion), [`${kind}/x`])).exitCode).toBe(0);
});

test.each([
  ['Service', 'v1', ''],
  ['Deployment', 'apps/v1', ''],
  ['AuthorizationPolicy', 'security.istio.io/v1', ', ownerReferences: [{kind: APIRule, name: orders}]'],
  [
    'RequestAuthentication',
    'security.istio.io/v1',
    ', labels: {apirule.gateway.kyma-project.io/v1beta1: orders.shop}',
  ],
])('does not refuse %s of %s that does not restrict access: case %#', async (kind, apiVersion, more) => {
  const { exitCode, report } = await migrated(object(kind, apiVersion, more));
  expect(exitCode, report).toBe(0);
  expect(report).toMatch(new RegExp(`^${kind}\\S* \\(given\\.yaml:12:1\\): has no meaning here`, 'm'));
});
