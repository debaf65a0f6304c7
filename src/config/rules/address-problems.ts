/** Problems of the client addresses that a rule matches. */
import type { Config } from '../declare/options.ts';
import type { RuleConfig } from './rule-options.ts';

/** A problem, and its path below the rule. */
interface AddressProblem {
  readonly path: readonly string[];
  readonly message: string;
}

/** Finds client addresses in a match that clients could forge. */
export function addressProblems(
  { match }: RuleConfig,
  { clientAddress, trustedHeaders }: Config,
): AddressProblem[] {
  if (match.addresses === undefined) return [];
  const { header, trustedProxies } = clientAddress;
  if (header !== 'x-forwarded-for')
    return trustedHeaders.includes(header)
      ? []
      : [
          {
            path: ['match', 'addresses'],
            message: `a client can forge ${header} (clientAddress.header); add it to trustedHeaders if the mesh overwrites it for every request`,
          },
        ];
  return trustedProxies.length > 0
    ? []
    : [
        {
          path: ['match', 'addresses'],
          message:
            'a client can forge x-forwarded-for; set clientAddress.trustedProxies to the proxies in front',
        },
      ];
}
