/** `oidc-authz serve`: answers checks. */
import type { Command, ManualPage } from './command.ts';
import { configSources } from './config-sources.ts';
import { runService } from './serve/run.ts';

const page: ManualPage = {
  name: 'serve',
  summary: 'answer checks; the default command',
  usage: ['oidc-authz [serve] [--config FILE] [flags]'],
  about: [
    'Answers the checks of Envoy over HTTP (port 8000) and gRPC (port 9000). The admin port (8081) serves /livez, /readyz and /metrics.',
    'A flag overrides the environment. The environment overrides the file. The file overrides the default.',
  ],
  flags: [],
  takesConfig: true,
  exitCodes: {
    0: 'stopped by SIGTERM or SIGINT, after draining',
    1: 'a listener cannot be bound, the workers keep exiting, a second signal forced the stop, or Node is too old',
    2: 'the command line or the configuration is wrong; stderr lists every problem',
    70: 'a defect; please report it',
  },
  examples: [
    'oidc-authz --issuer https://issuer.example.com --audience orders-api',
    'oidc-authz --config oidc-authz.yaml --log-level debug',
    'OIDC_AUTHZ_ISSUER=https://issuer.example.com OIDC_AUTHZ_AUDIENCES=a,b oidc-authz',
  ],
};

/** Runs the service until it is stopped. */
export const serve: Command = {
  manual: [page],
  handlesHangup: true,
  run: async (line, self) => {
    const sources = await configSources(line, self, page, false);
    await runService(sources, self);
  },
};
