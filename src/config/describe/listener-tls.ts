/** The TLS files of the listeners. */
import type { Config, TlsFiles } from '../declare/options.ts';

/** A listener and its TLS files. */
export interface ListenerTls {
  readonly name: 'http' | 'grpc' | 'admin' | 'login';
  /** The option with the files, such as `http.tls`. */
  readonly option: string;
  readonly tls: TlsFiles | undefined;
}

/** Lists the listeners. The listener of the login is one of them only if it is enabled. */
export function listenerTls({
  http,
  grpc,
  admin,
  login,
}: {
  readonly [name in 'http' | 'grpc' | 'admin']: Pick<Config[name], 'tls'>;
} & {
  readonly login?:
    | { readonly listener: Pick<NonNullable<Config['login']>['listener'], 'enabled' | 'tls'> }
    | undefined;
}): readonly ListenerTls[] {
  const listeners: readonly ListenerTls[] = [
    { name: 'http', option: 'http.tls', tls: http.tls },
    { name: 'grpc', option: 'grpc.tls', tls: grpc.tls },
    { name: 'admin', option: 'admin.tls', tls: admin.tls },
  ];
  return login?.listener.enabled === true
    ? [...listeners, { name: 'login', option: 'login.listener.tls', tls: login.listener.tls }]
    : listeners;
}
