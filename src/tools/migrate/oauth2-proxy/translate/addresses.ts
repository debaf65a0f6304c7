/** Clients that needed no token for their address: a rule, where it can be known who tells the address. */

import type { Problem } from '../../../../config/validate/problems.ts';
import { networkProblem } from '../../../../config/values/networks.ts';
import type { Tree } from '../../../../config/values/raw-values.ts';
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet, problemOf } from './findings.ts';
import { isOn, listOf, quotedList, textOf } from './setting-values.ts';

/** The rule for trusted addresses, and the options that it needs. */
export interface TrustedAddresses {
  readonly config: Tree;
  readonly rules: readonly Tree[];
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
}

/** Translates `trusted-ip` and what says whose address that is. */
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
        `${reason}, so nothing is opened and these clients need a token; to open, say \`clientAddress\` and write a rule with \`match.addresses\``,
      ),
      ...withoutTrusted(installation),
    ],
    problems,
  });

  if (!isOn(installation, 'reverse-proxy'))
    return closed(
      'without `reverse-proxy` the address was that of whoever connected, which here is Envoy itself',
    );
  if (header === 'x-envoy-external-address')
    return opened(installation, problems, {
      config: { trustedHeaders: [header], clientAddress: { header } },
      text: 'the rule `trusted-addresses`; Envoy overwrites the header at the edge only, so let nobody but the ingress gateway call the workload',
    });
  if (header !== 'x-forwarded-for')
    return closed(
      `a client can send the header ${quotedList([header])} itself unless a proxy of yours overwrites it`,
    );
  if (proxies.length === 0 || proxies.some((network) => network.endsWith('/0')))
    return closed(
      '`trusted-proxy-ip` does not say which proxies stand in front, and any client could send `x-forwarded-for`; give `-- --trusted-proxy-ip=NETWORK` for the load balancers and gateways',
    );
  return opened(installation, problems, {
    config: { clientAddress: { trustedProxies: proxies } },
    text: 'the rule `trusted-addresses`, for the last address in `x-forwarded-for` that is none of the trusted proxies; before 7.15.5 oauth2-proxy took the first, which anybody can send',
  });
}

function opened(
  installation: Installation,
  problems: readonly Problem[],
  { config, text }: { config: Tree; text: string },
): TrustedAddresses {
  const isForwarded = !('trustedHeaders' in config);
  const proxies = isForwarded
    ? findingIfSet(installation, 'trusted-proxy-ip', 'kept', '`clientAddress.trustedProxies`')
    : findingIfSet(
        installation,
        'trusted-proxy-ip',
        'meaningless',
        'the header that tells the address has one value',
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

const elsewhere = 'method, host and path are what Envoy says of the request, and no header changes them';

function withoutTrusted(installation: Installation): readonly Finding[] {
  const unused = 'no rule looks at the address of the client';
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
