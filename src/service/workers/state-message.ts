/** Makes the messages that give a worker its state. */
import type { Config } from '../../config/declare/options.ts';
import type { DenyListEntry } from '../../config/load/deny-list.ts';
import type { RegisteredIssuer } from '../../issuer/registry.ts';
import type { StateMessage } from './protocol.ts';

/** The state of the main process that workers have too. */
interface SharedWithWorkers {
  readonly config: Config;
  readonly issuers: readonly RegisteredIssuer[];
  readonly denyList: readonly DenyListEntry[];
  /** The text of the file with the keys, or empty. */
  readonly sessionKeys: string;
  readonly isServing: boolean;
}

/** Makes a message with the parts that its kind has. */
export function stateMessage(kind: StateMessage['kind'], shared: SharedWithWorkers): StateMessage {
  const { config, denyList, sessionKeys, isServing } = shared;
  const issuers = shared.issuers.map(({ identity, issuer }) => ({ identity, snapshot: issuer.snapshot() }));
  const common = { issuers, sessionKeys, isServing };
  if (kind === 'configuration') return { kind, config, denyList, ...common };
  return kind === 'denyList' ? { kind, denyList, ...common } : { kind, ...common };
}
