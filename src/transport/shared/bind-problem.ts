/** Explains why a listener cannot be bound: which option is wrong, and how to fix it. */

/** The address to bind. */
export interface BindAddress {
  /** The listener, as in the names of its options, such as `login.listener`. */
  readonly name: string;
  /** The configured address; undefined for all addresses of this machine. */
  readonly host?: string | undefined;
  readonly port: number;
}

/** Explains the error of a failed bind, with the system's code in parentheses at the end. */
export function bindProblem(error: unknown, { name, host, port }: BindAddress): Error {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const text = error instanceof Error ? error.message : String(error);
  const words = name.split('.');
  const option = (field: string) =>
    `${name}.${field} (--${[...words, field].join('-')}, ${['OIDC_AUTHZ', ...words, field].join('_').toUpperCase()})`;
  const orRemoveHost = `or remove ${option('host')} to listen on all addresses of this machine`;
  const because = (message: string) => new Error(`${message} (${code})`, { cause: error });
  switch (code) {
    case 'EADDRINUSE':
      return because(
        `${name}.port: port ${port} is in use${host === undefined ? '' : ` on ${host}`} by another process. Stop that process, or set ${option('port')} to another port`,
      );
    case 'EACCES':
    case 'EPERM':
      return because(
        `${name}.port: this process is not allowed to listen on port ${port}${port < 1024 ? ', because ports below 1024 require a privilege (CAP_NET_BIND_SERVICE)' : ''}. Set ${option('port')} to ${port < 1024 ? 'a port from 1024 to 65535' : 'another port'}`,
      );
    case 'EADDRNOTAVAIL':
      return because(`${name}.host: ${host} is not an address of this machine. Correct it, ${orRemoveHost}`);
    case 'EAFNOSUPPORT':
      return because(
        `${name}.host: this machine does not support the address family of ${host}. Correct it, ${orRemoveHost}`,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return because(
        `${name}.host: the name ${host} cannot be resolved. Write an IP address, ${orRemoveHost}`,
      );
    case 'EINVAL':
      return because(`${name}.host: this process cannot listen on ${host}. Correct it, ${orRemoveHost}`);
    case 'EMFILE':
    case 'ENFILE':
      return because(
        `${name}: this process has too many open files and connections. Raise its limit (ulimit -n)`,
      );
    case 'ERR_ACCESS_DENIED':
      return because(`${name}: Node's permission model forbids it. Start Node with --allow-net`);
    default:
      return new Error(
        `${name}: this process cannot listen on port ${port}${host === undefined ? '' : ` of ${host}`}: ${text}`,
        {
          cause: error,
        },
      );
  }
}
