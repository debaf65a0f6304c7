/** `oidc-authz version`. */
import { version } from '../runtime/version.ts';
import type { Command } from './command.ts';

/** Prints the version. */
export const versionCommand: Command = {
  manual: [],
  run: async () => {
    process.stdout.write(`${version}\n`);
  },
};
