/** Why a listener cannot be bound, in words for whoever starts the service: which option, and what mends it. */

/** What was to be bound. */
export interface Wanted {
  /** The listener, as its options are called. */
  readonly name: string;
  /** The configured address; undefined for all of the machine. */
  readonly host: string | undefined;
  readonly port: number;
}

/** Says it, with the code of the system in parentheses at the end. */
export function bindProblem(error: unknown, { name, host, port }: Wanted): Error {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const text = error instanceof Error ? error.message : String(error);
  const option = (field: string) =>
    `${name}.${field} (--${name}-${field}, OIDC_AUTHZ_${name.toUpperCase()}_${field.toUpperCase()})`;
  const everywhere = `or leave ${option('host')} out to listen on all addresses of this machine`;
  const because = (message: string) => new Error(`${message} (${code})`, { cause: error });
  switch (code) {
    case 'EADDRINUSE':
      return because(
        `${name}.port: port ${port} is in use${host === undefined ? '' : ` on ${host}`}: another process listens there. End that one, or set ${option('port')} to another port`,
      );
    case 'EACCES':
    case 'EPERM':
      return because(
        `${name}.port: this process may not listen on port ${port}${port < 1024 ? ', as ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)' : ''}. Set ${option('port')} to ${port < 1024 ? 'one from 1024 on' : 'another port'}`,
      );
    case 'EADDRNOTAVAIL':
      return because(`${name}.host: ${host} is not an address of this machine. Correct it, ${everywhere}`);
    case 'EAFNOSUPPORT':
      return because(
        `${name}.host: this machine does not have the kind of address that ${host} is. Correct it, ${everywhere}`,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return because(`${name}.host: the name ${host} cannot be resolved. Give an IP address, ${everywhere}`);
    case 'EINVAL':
      return because(`${name}.host: ${host} cannot be listened on. Correct it, ${everywhere}`);
    case 'EMFILE':
    case 'ENFILE':
      return because(
        `${name}: too many files and connections are open. Raise the limit of this process (ulimit -n)`,
      );
    case 'ERR_ACCESS_DENIED':
      return because(`${name}: Node's permission model forbids it. Start Node with --allow-net`);
    default:
      return new Error(
        `${name}: port ${port}${host === undefined ? '' : ` of ${host}`} cannot be listened on: ${text}`,
        {
          cause: error,
        },
      );
  }
}
