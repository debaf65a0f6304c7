import { defineConfig } from 'vitest/config';

const common = { testTimeout: 60_000, hookTimeout: 60_000 };

/** Tests that open sockets, start processes or create load. They run one file at a time, so no file takes the CPU of another. */
const live = [
  'test/service/*.test.ts',
  'test/{e2e,oauth2-proxy,observe,process,security}/**/*.test.ts',
  'test/transport/{grpc,http}/**/*.test.ts',
  'test/check/incumbent/**/*.test.ts',
  'test/login/logins.test.ts',
  'test/state/valkey/servers/**/*.test.ts',
];

/** Faults and floods. Each test starts its own service. */
const chaos = ['test/chaos/**/*.test.ts'];

/** Tests against a real API server. They have their own configuration and command: `npm run test:cluster`. */
const cluster = ['test/cluster/**/*.test.ts'];

/** Tests that check the image, manifests, rules and dashboard with other programs. */
const manifests = ['test/{chart,deploy,image,validators,watch}/**/*.test.ts'];

/** Long tests without sockets: thousands of random inputs, compared with a model or another implementation, and the migrations. */
const thorough = [
  'test/tools/**/*.test.ts',
  'test/check/binding/client-certificate.test.ts',
  'test/check/rules/{expression-cost,path-readers}.test.ts',
  'test/config/validate/stray-white-space.test.ts',
  'test/credential/token/key-choice.test.ts',
  'test/credential/token/memory/*.test.ts',
  'test/issuer/keys/public-key.test.ts',
  'test/issuer/keys/random-key-sets.test.ts',
  'test/repo/{bundle,packages}.test.ts',
];

// biome-ignore lint/style/noDefaultExport: vitest requires it
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'quick',
          include: ['test/**/*.test.ts'],
          exclude: [...live, ...manifests, ...chaos, ...cluster, ...thorough],
          // Nothing below src/ has module state, so the files of a worker share their imports.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: { ...common, name: 'thorough', include: thorough, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        test: {
          ...common,
          name: 'manifests',
          include: manifests,
          globalSetup: ['test/support/fetch-programs.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      { test: { ...common, name: 'live', include: live, maxWorkers: 1, sequence: { groupOrder: 3 } } },
      { test: { ...common, name: 'chaos', include: chaos, maxWorkers: 1, sequence: { groupOrder: 4 } } },
    ],
  },
});
