import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest requires it
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          globalSetup: ['test/support/fetch-cluster.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
        },
      },
    ],
  },
});
