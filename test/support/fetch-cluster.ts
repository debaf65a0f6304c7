/** Fetches and builds the programs of a cluster before the first test. The first time takes up to 30 minutes. */
import { findEtcd, findKubeApiserver } from '../../tools/kube-apiserver.ts';

/** Throws if a program is missing, because all tests need a cluster. */
export async function setup(): Promise<void> {
  for (const found of [await findEtcd(), await findKubeApiserver()])
    if ('missing' in found) throw new Error(`a cluster cannot be had: ${found.missing}`);
}
