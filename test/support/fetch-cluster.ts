/** Fetches and builds, before the first test, what a cluster is made of: the first time this takes up to half an hour. */
import { findEtcd, findKubeApiserver } from '../../tools/kube-apiserver.ts';

/** Throws what is missing: without a cluster there is nothing to test. */
export async function setup(): Promise<void> {
  for (const found of [await findEtcd(), await findKubeApiserver()])
    if ('missing' in found) throw new Error(`a cluster cannot be had: ${found.missing}`);
}
