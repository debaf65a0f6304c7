/** The settings of the mesh for the release `oidc-authz` in the namespace `oidc-authz`. */

import type { Config } from '../../src/config/declare/options.ts';
import { type Entry, type Needs, needsOf } from '../../src/tools/generate/needs.ts';
import { type GenerateFlags, readOptions, type Target } from '../../src/tools/generate/options.ts';

/** The settings for one entry. */
export interface Authorizer {
  readonly needs: Needs;
  readonly entry: Entry;
}

/** A command line of `generate` without flags. */
export const noFlags: GenerateFlags = {
  name: undefined,
  namespace: undefined,
  service: undefined,
  transport: undefined,
  timeout: undefined,
  policy: undefined,
  workload: [],
  workloadNamespace: undefined,
  backend: undefined,
  host: [],
  gateway: undefined,
  route: undefined,
  existing: undefined,
  apirule: false,
  authorizationPolicy: false,
  bootstrap: false,
};

/** The settings that `generate` makes for a target, from a configuration without policies. */
export function authorizerOf(config: Config, target: Target, transport: 'http' | 'grpc'): Authorizer {
  const needs = needsOf(config, readOptions(target, { ...noFlags, transport }), target);
  const [entry] = needs.entries as readonly [Entry];
  return { needs, entry };
}
