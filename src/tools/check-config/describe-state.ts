/** Describes the store of a configuration: where it is and what uses it, and settings that are rarely intended. */
import type { Config } from '../../config/declare/options.ts';
import { sessionsAreShared } from '../../config/session/session-place.ts';
import { formatDuration } from '../../config/values/units.ts';
import { isLoopback } from '../../config/values/urls.ts';

const kinds = { single: 'one server', sentinel: 'sentinels', cluster: 'a cluster' };

/** Describes the store, a line each; none without `state`. */
export function stateLines(config: Config): readonly string[] {
  const { state, sessions, denyList, dpop } = config;
  if (state === undefined) return [];
  const { urls, mode, prefix } = state.valkey;
  const uses = [
    ...(sessionsAreShared(config) ? ['sessions'] : []),
    ...(sessions === undefined ? [] : ['ended sessions']),
    ...(denyList.store ? ['revocations'] : []),
    ...(dpop.store === 'off' ? [] : ['used DPoP proofs']),
  ];
  return [
    `state: ${kinds[mode]} at ${urls.join(', ')}; keys begin with ${prefix}:`,
    `state: it holds ${uses.join(', ')}`,
  ];
}

/** Warns about settings of the store that are valid but rarely intended. */
export function stateWarnings(config: Config): readonly string[] {
  const { state, sessions, dpop } = config;
  if (state === undefined) return [];
  const { urls, passwordFile, certFile } = state.valkey;
  const open = urls.filter((url) => url.startsWith('redis:') && !isLoopback(new URL(url)));
  return [
    ...(open.length === 0
      ? []
      : [
          `state.valkey.urls: without TLS, everyone on the way to ${open.join(', ')} can read the password and change what the store answers; use rediss://, or a mesh that encrypts this connection`,
        ]),
    ...(passwordFile === undefined && certFile === undefined && open.length > 0
      ? [
          'state.valkey.passwordFile: without a password, everyone who reaches the store can end sessions and delete revocations; set it',
        ]
      : []),
    ...(sessionsAreShared(config) && sessions?.grace === 0
      ? [
          'sessions.grace: with 0s, each failure of the store ends every check with a session; set it to 30s or more',
        ]
      : []),
    ...(dpop.store === 'closed'
      ? [
          `dpop.store: closed denies every check with a proof while the store is away, after at most ${formatDuration(state.valkey.timeout)} each`,
        ]
      : []),
  ].map((warning) => `warning: ${warning}`);
}
