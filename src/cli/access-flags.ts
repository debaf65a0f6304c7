/** The flags that say how a command reaches a listener of a running service. */
import type { ManualFlag } from './command.ts';

/** Flags of TLS. */
export const tlsFlags: readonly ManualFlag[] = [
  { name: '--ca-file', takes: 'FILE', text: 'CAs of the listener, instead of those of the system.' },
  { name: '--cert-file', takes: 'FILE', text: 'Client certificate for the listener.' },
  { name: '--key-file', takes: 'FILE', text: 'Private key of this certificate.' },
];

/** The flag of the token. */
export const adminTokenFlag: ManualFlag = {
  name: '--admin-token-file',
  takes: 'FILE',
  text: 'The token for this listener (`admin.tokenFile`). kubectl port-forward needs none.',
};
