/** K15: several processes that renew the same session. */
import type { Config } from '../../../config/declare/options.ts';
import { sessionsAreShared } from '../../../config/session/session-place.ts';
import type { Rule } from '../rule.ts';
import { severalReplicas } from '../world/replicas.ts';
import type { World } from '../world/world.ts';

/** Whether each process renews the sessions of a configuration without knowing of the others. */
export function renewsSessions(config: Config): boolean {
  return config.login !== undefined && config.sessions?.refresh === true && !sessionsAreShared(config);
}

/** With sessions in cookies, no process knows that another one has just used the refresh token. */
export const replicasWithRefresh: Rule<World> = {
  id: 'K15',
  title: 'Several processes that renew sessions',
  severity: 'warning',
  effect:
    'Two processes can use the same refresh token. Most issuers accept a refresh token once, and end the session of the person at the second use.',
  fix: 'Add `state`, a store that the processes share (docs/state.md), without `sessions.store: cookie`. Or set `sessions.refresh: false`; a session then ends with its tokens, and the next page signs the person in again without a question. Or run one replica with one worker.',
  needsConfig: true,
  check: (world) =>
    world.config !== undefined && renewsSessions(world.config) ? severalReplicas(world) : [],
};
