/** Configurations with a login, and their issuers, for tests without a service. */
import { stringify } from 'yaml';
import type { Config } from '../../src/config/declare/options.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import type { LoginClient } from '../../src/login/login-client.ts';
import type { LoginIssuer } from '../../src/login/login-issuer.ts';

/** The issuer that signs people in. */
export const loginIssuerUrl = 'https://issuer.example.com';

/** A configuration that has `login` and `sessions`. */
export type LoginConfig = Config & { readonly sessions: NonNullable<Config['sessions']> };

/** The parts that a test changes. */
export interface LoginConfigChanges {
  readonly issuer?: object;
  readonly login?: object;
  readonly sessions?: object;
  /** More options, such as `rules`. */
  readonly more?: object;
}

/** Loads a configuration in which one of two issuers signs people in. */
export async function loginConfig(changes: LoginConfigChanges = {}): Promise<LoginConfig> {
  const { issuer, login, sessions, more } = changes;
  const content = {
    issuers: [
      {
        issuer: loginIssuerUrl,
        name: 'main',
        audiences: ['orders-api'],
        ...issuer,
        login: { clientId: 'shop', clientSecretFile: '/secret', ...login },
      },
      { issuer: 'https://other.example.com', name: 'other', audiences: ['orders-api'] },
    ],
    login: { hosts: ['shop.example.com'], httpHosts: [] },
    sessions: { keysFile: '/keys', ...sessions },
    ...more,
  };
  const config = await loadConfig({
    flags: [{ name: '--config', value: 'config.yaml' }],
    environment: {},
    readFile: () => stringify(content),
  });
  if (config.sessions === undefined) throw new Error('no sessions');
  return { ...config, sessions: config.sessions };
}

/** The issuers of a configuration that sign people in, with a client that answers nothing unless the test says so. */
export function loginIssuersOf(config: Config, client: Partial<LoginClient> = {}): readonly LoginIssuer[] {
  return config.issuers.flatMap((issuer, index) =>
    issuer.login === undefined
      ? []
      : [
          {
            config: { ...issuer, login: issuer.login },
            path: `issuers[${index}]`,
            client: client as LoginClient,
          },
        ],
  );
}
