/** All rules over manifests, in the order of their ids. */
import type { Rule } from './rule.ts';
import { shortTimeout } from './rules/k01-short-timeout.ts';
import type { World } from './world/world.ts';

/** The rules. */
export const manifestRules: readonly Rule<World>[] = [shortTimeout];
