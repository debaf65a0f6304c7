/** Creates the clients of all issuers that sign people in. The service loads this file only if `login` is configured. */
import type { Config, IssuerConfig } from '../../config/declare/options.ts';
import { issuerTime } from '../../config/login/login-time.ts';
import type { Resolve } from '../../issuer/fetch/guarded-lookup.ts';
import { createIssuerConnection } from '../../issuer/fetch/issuer-connection.ts';
import { createSend } from '../../issuer/fetch/request.ts';
import type { LoginSource } from '../../issuer/issuer.ts';
import type { FollowedFiles } from '../../runtime/files/follow.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import type { LoginClient } from '../login-client.ts';
import type { LoginIssuer } from '../login-issuer.ts';
import { createLoginClient } from './create-login-client.ts';

/** The dependencies of the clients. */
export interface LoginClientsDependencies {
  readonly files: FollowedFiles;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Resolves names; the system's resolver by default. */
  readonly resolve?: Resolve;
}

/** The clients. */
export interface LoginClients {
  /** By the name of the issuer. */
  readonly clients: ReadonlyMap<string, LoginClient>;
  /** Stops following the files of the clients. */
  readonly stop: () => void;
}

/** Creates the clients of the issuers that have `login`. */
export function createLoginClients(
  config: Pick<Config, 'limits'>,
  issuers: readonly { readonly config: IssuerConfig; readonly issuer: LoginSource }[],
  dependencies: LoginClientsDependencies,
): LoginClients {
  const timeout = issuerTime(config.limits);
  const made = issuers.flatMap(({ config: issuerConfig, issuer }) =>
    hasLogin(issuerConfig)
      ? [createFollowingClient(issuerConfig, issuer, config, timeout, dependencies)]
      : [],
  );
  return {
    clients: new Map(made.map(({ name, client }) => [name, client])),
    stop: () => {
      for (const { stop } of made) stop();
    },
  };
}

function hasLogin(config: IssuerConfig): config is LoginIssuer['config'] {
  return config.login !== undefined;
}

function createFollowingClient(
  config: LoginIssuer['config'],
  source: LoginSource,
  { limits }: Pick<Config, 'limits'>,
  timeout: number,
  { files, clock, environment, resolve }: LoginClientsDependencies,
) {
  const { name, login } = config;
  // The owner of the keys follows the same files and reports their problems.
  const { trusted, options } = createIssuerConnection(config, {
    files,
    environment,
    onTrustReload: () => {},
  });
  const paths = [
    login.clientSecretFile,
    login.privateKeyFile,
    login.clientAssertionFile,
    login.certFile,
    login.keyFile,
  ].filter((path) => path !== undefined);
  const following = files.follow(paths, () => {});
  trusted?.start();
  const send = createSend(
    {
      timeout,
      timeoutOption: 'limits.meshTimeout',
      maxBytes: limits.maxIssuerResponseSize,
      ...options,
    },
    resolve,
  );
  return {
    name,
    client: createLoginClient({ config, source, send, files, clock, maxWait: timeout }),
    stop: () => {
      following.stop();
      trusted?.stop();
    },
  };
}
