/** Translates trusted client addresses to a rule, if the source of the address can be trusted. */

import type { Problem } from '../../../../config/validate/problems.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import { networkProblem } from '../../../../config/values/networks.ts';
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet, problemOf } from './findings.ts';
import { isOn, listOf, quotedList, textOf } from './setting-values.ts';

/** The rule for trusted addresses, and the options it needs. */
export interface TrustedAddresses {
  readonly config: Mapping;
  readonly rules: readonly Mapping[];
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
}

/** Translates `trusted-ip` and the flags for the source of the address. */
export function trustedAddresses(installation: Installation): TrustedAddresses {
  const addresses = listOf(installation, 'trusted-ip');
  const problems = ['trusted-ip', 'trusted-proxy-ip'].flatMap((flag) => networkProblems(installation, flag));
  if (addresses.length === 0)
    return { config: {}, rules: [], findings: withoutTrusted(installation), problems };

  const header = (textOf(installation, 'real-client-ip-header') || 'X-Real-IP').toLowerCase();
  const proxies = listOf(installation, 'trusted-proxy-ip');
  const closed = (reason: string): TrustedAddresses => ({
    config: {},
    rules: [],
    findings: [
      ...findingIfSet(
        installation,
        'trusted-ip',
        'changed',
        `${reason}, so these clients now need a token; to allow them without one, set \`clientAddress\` and write a rule with \`match.addresses\``,
      ),
      ...withoutTrusted(installation),
    ],
    problems,
  });

  if (!isOn(installation, 'reverse-proxy'))
    return closed(
      'without `reverse-proxy` oauth2-proxy compares the address of the connection, which is that of Envoy',
    );
  if (header === 'x-envoy-external-address')
    return opened(installation, problems, {
      config: { trustedHeaders: [header], clientAddress: { header } },
      text: 'the rule `trusted-addresses`; Envoy overwrites the header only at the edge, so only the ingress gateway may call the workload',
    });
  if (header !== 'x-forwarded-for')
    return closed(
      `a client can send the header ${quotedList([header])} itself unless one of your proxies overwrites it`,
    );
  if (proxies.length === 0 || proxies.some((network) => network.endsWith('/0')))
    return closed(
      '`trusted-proxy-ip` does not list the proxies in front, and any client can send `x-forwarded-for`; pass `-- --trusted-proxy-ip=NETWORK` for the load balancers and gateways',
    );
  return opened(installation, problems, {
    config: { clientAddress: { trustedProxies: proxies } },
    text: 'the rule `trusted-addresses`, for the last address in `x-forwarded-for` that is not a trusted proxy; before 7.15.5 oauth2-proxy used the first one, which any client can set',
  });
}

function opened(
  installation: Installation,
  problems: readonly Problem[],
  { config, text }: { config: Mapping; text: string },
): TrustedAddresses {
  const isForwarded = !('trustedHeaders' in config);
  const proxies = isForwarded
    ? findingIfSet(installation, 'trusted-proxy-ip', 'kept', '`clientAddress.trustedProxies`')
    : findingIfSet(
        installation,
        'trusted-proxy-ip',
        'meaningless',
        'the header with the address has only one value',
      );
  const match = { addresses: listOf(installation, 'trusted-ip') };
  return {
    config,
    rules: [{ name: 'trusted-addresses', match, allow: 'anonymous' }],
    findings: [
      ...findingIfSet(installation, 'trusted-ip', 'kept', text),
      ...proxies,
      ...findingIfSet(installation, 'real-client-ip-header', 'kept', '`clientAddress.header`'),
      ...findingIfSet(installation, 'reverse-proxy', 'kept', `\`clientAddress\`; ${elsewhere}`),
    ],
    problems,
  };
}

const elsewhere = 'method, host and path are those that Envoy reports, and no header changes them';

function withoutTrusted(installation: Installation): readonly Finding[] {
  const unused = 'no rule uses the address of the client';
  return [
    ...(listOf(installation, 'trusted-ip').length === 0
      ? findingIfSet(installation, 'trusted-ip', 'meaningless', 'it is empty')
      : []),
    ...findingIfSet(installation, 'trusted-proxy-ip', 'meaningless', unused),
    ...findingIfSet(installation, 'real-client-ip-header', 'meaningless', unused),
    ...findingIfSet(installation, 'reverse-proxy', 'meaningless', elsewhere),
  ];
}

function networkProblems(installation: Installation, flag: string): readonly Problem[] {
  return listOf(installation, flag).flatMap((network) => {
    const problem = networkProblem(network);
    return problem === undefined
      ? []
      : [problemOf(installation, flag, `${JSON.stringify(network)}: ${problem}`)];
  });
}
