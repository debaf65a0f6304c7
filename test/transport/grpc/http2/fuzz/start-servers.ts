/** Starts the servers of a fuzzing run. */
import { findHttp2Oracle, startHttp2Oracle } from '../../../../../tools/http2-oracle.ts';
import { startNodeProcess } from './node-process.ts';
import { startOwnServer } from './own-server.ts';
import type { FuzzServers } from './run.ts';

/** Starts all three, or returns why one is missing. */
export async function startFuzzServers(): Promise<
  (FuzzServers & { readonly stop: () => Promise<void> }) | { readonly missing: string }
> {
  const found = await findHttp2Oracle();
  if ('missing' in found) return found;
  const oracle = await startHttp2Oracle(found.path);
  const [own, node] = await Promise.all([startOwnServer(), startNodeProcess()]);
  return {
    ...{ own, node, oracle },
    stop: async () => {
      await Promise.all([own.stop(), node.stop(), oracle.stop()]);
    },
  };
}
