/** A plugin that leaves out packages which others require at once, but use only in functions that nothing calls. */
import type { Plugin } from 'rolldown';

/** These packages, and their only use. */
export const unusedPackages: Readonly<Record<string, string>> = {
  '@opentelemetry/api': 'the exemplars of prom-client, which are off',
  tdigest: 'the summaries of prom-client; the metrics are counters, gauges and histograms',
  'thread-stream': 'the transports of pino; the log is written by the main thread',
};

/** Replaces each of these packages with an empty one. */
export function withoutUnusedPackages(): Plugin {
  return {
    name: 'unused-packages',
    resolveId: (source) => (Object.hasOwn(unusedPackages, source) ? `\0unused:${source}` : null),
    load: (id) => (id.startsWith('\0unused:') ? 'module.exports = {};' : null),
  };
}
