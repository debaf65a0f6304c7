/** Migrated APIRules never open more than v1beta1 does. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadConfig } from '../../../../src/config/load/load.ts';
import { systemClock } from '../../../../src/runtime/time/clock.ts';
import { runRuleTests } from '../../../../src/tools/check-config/rule-tests.ts';
import { migrateApiRule } from '../../../../src/tools/migrate/apirule/migrate.ts';
import {
  type ModelRequest,
  type ModelRule,
  type ModelRuleV2,
  mayPassV1,
  mayPassWidened,
  routeV2,
} from './model.ts';

const expressions = [
  '/.*',
  '/a',
  '/a/.*',
  '/a/b',
  '/a/[^/]+',
  '/a/[^/]*',
  '/[^/]+/b',
  '/[^/]+/.*',
  '/a.*',
  '/a(/.*)?',
  '/a/[0-9]+',
  '/(a|b)/.+',
  '/a/.*/c',
  '/a.b',
  '/',
  '/*',
  '/b/?',
];
const paths = [
  '/',
  '/a',
  '/a/',
  '/b',
  '/b/',
  '/a/b',
  '/b/b',
  '/a/1',
  '/a/b/c',
  '/a/1/c',
  '/ab',
  '/a.b',
  '/axb',
  '/ab/c',
  '/c/d',
];
const methods = ['GET', 'POST', 'PUT', 'OPTIONS'];
const tokens = [undefined, [], ['x'], ['y'], ['x', 'y']];
const requests: ModelRequest[] = paths.flatMap((path) =>
  methods.flatMap((method) => tokens.map((scopes) => ({ path, method, scopes }))),
);

const rule: fc.Arbitrary<ModelRule> = fc.record({
  path: fc.constantFrom(...expressions),
  methods: fc.uniqueArray(fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS'), { minLength: 1, maxLength: 3 }),
  handler: fc.constantFrom('allow', 'no_auth', 'noop', 'unauthorized', 'jwt', 'jwt', 'jwt'),
  scopes: fc.uniqueArray(fc.constantFrom('x', 'y'), { maxLength: 2 }),
});

/** v1beta1 rejects a path with a repeated method. */
const rules = fc.array(rule, { minLength: 1, maxLength: 5 }).filter((list) => {
  const pairs = list.flatMap((one) => one.methods.map((method) => `${method} ${one.path}`));
  return new Set(pairs).size === pairs.length;
});

/** The first rule, which the gateway asks about, closes the common paths of the second and the third. */
const thirdPattern: ModelRule[] = [
  { path: '/(a|b)/.+', methods: ['GET'], handler: 'jwt', scopes: [] },
  { path: '/a.*', methods: ['POST'], handler: 'allow', scopes: [] },
  { path: '/[^/]+/b', methods: ['POST', 'GET'], handler: 'unauthorized', scopes: [] },
  { path: '/.*', methods: ['GET'], handler: 'allow', scopes: [] },
];

test('for every request', async () => {
  let [asked, opened] = [0, 0];
  await fc.assert(
    fc.asyncProperty(rules, fc.boolean(), async (list, hasCors) => {
      const { output, exitCode, report } = await migrateApiRule({
        files: [{ name: 'given.yaml', text: written(list, hasCors) }],
        issuer: 'https://issuer.example.com',
        authorizer: 'oidc-authz',
        output: 'all',
        accept: ['path', 'rules'],
      });
      expect(exitCode, report).toBe(0);
      const [manifest, config] = output.split('---\n').map((text) => parse(text));
      const v2: ModelRuleV2[] = manifest.spec.rules;
      const tooOpen = requests.filter((one) => routeV2(v2, one) === 'open' && !mayPassV1(list, one));
      expect(tooOpen).toEqual([]);
      opened += requests.filter((one) => routeV2(v2, one) === 'open').length;
      const toBeRefused = requests.filter(
        (one) => routeV2(v2, one) === 'asked' && !mayPassV1(list, one) && !mayPassWidened(list, one),
      );
      asked += toBeRefused.length;
      if (toBeRefused.length === 0) return;
      const table = toBeRefused.map(({ method, path, scopes }) => ({
        name: `${method} ${path} ${scopes}`,
        request: { method, path, host: 'a.example.com' },
        ...(scopes !== undefined && { claims: { scope: scopes.join(' '), aud: 'x' } }),
        expect: { outcome: 'deny' },
      }));
      const loaded = await loadConfig({
        flags: [{ name: '--config', value: 'c.yaml' }],
        environment: {},
        readFile: () => stringify(config),
      });
      const result = await runRuleTests(loaded, stringify(table), 't.yaml', systemClock);
      expect(result.failed, result.output).toBe(0);
    }),
    { numRuns: Number(process.env.RUNS ?? 150), examples: [[thirdPattern, false]] },
  );
  // Otherwise the test compares nothing.
  expect(asked).toBeGreaterThan(100);
  expect(opened).toBeGreaterThan(100);
});

function written(list: readonly ModelRule[], hasCors: boolean): string {
  return stringify({
    apiVersion: 'gateway.kyma-project.io/v1beta1',
    kind: 'APIRule',
    metadata: { name: 'a', namespace: 'n' },
    spec: {
      host: 'a.example.com',
      gateway: 'kyma-gateway.kyma-system',
      service: { name: 's', port: 80 },
      ...(hasCors && { corsPolicy: { allowOrigins: [{ exact: 'https://b.example.com' }] } }),
      rules: list.map(({ path, methods, handler, scopes }) => ({
        path,
        methods,
        accessStrategies: [
          {
            handler,
            ...(handler === 'jwt' && {
              config: { trusted_issuers: ['https://issuer.example.com'], required_scope: scopes },
            }),
          },
        ],
      })),
    },
  });
}
