/** Clients that needed no token for their address: a rule, where it can be known who tells the address. */

import type { Problem } from '../../../../config/validate/problems.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import { networkProblem } from '../../../../config/values/networks.ts';
import type { Finding } from '../../finding.ts';
import type { Given } from '../read/settings.ts';
import { isOn, judged, listed, listOf, problemOf, textOf } from './by-kind.ts';

/** The rule for trusted addresses, and the options that it needs. */
export interface TrustedAddresses {
  readonly config: Mapping;
  readonly rules: readonly Mapping[];
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
}

/** Translates `trusted-ip` and what says whose address that is. */
export function trustedAddresses(given: Given): TrustedAddresses {
  const addresses = listOf(given, 'trusted-ip');
  const problems = ['trusted-ip', 'trusted-proxy-ip'].flatMap((flag) => networkProblems(given, flag));
  if (addresses.length === 0) return { config: {}, rules: [], findings: withoutTrusted(given), problems };

  const header = (textOf(given, 'real-client-ip-header') || 'X-Real-IP').toLowerCase();
  const proxies = listOf(given, 'trusted-proxy-ip');
  const closed = (reason: string): TrustedAddresses => ({
    config: {},
    rules: [],
    findings: [
      ...judged(
        given,
        'trusted-ip',
        'changed',
        `${reason}, so nothing is opened and these clients need a token; to open, say \`clientAddress\` and write a rule with \`match.addresses\``,
      ),
      ...withoutTrusted(given),
    ],
    problems,
  });

  if (!isOn(given, 'reverse-proxy'))
    return closed(
      'without `reverse-proxy` the address was that of whoever connected, which here is Envoy itself',
    );
  if (header === 'x-envoy-external-address')
    return opened(given, problems, {
      config: { trustedHeaders: [header], clientAddress: { header } },
      text: 'the rule `trusted-addresses`; Envoy overwrites the header at the edge only, so let nobody but the ingress gateway call the workload',
    });
  if (header !== 'x-forwarded-for')
    return closed(
      `a client can send the header ${listed([header])} itself unless a proxy of yours overwrites it`,
    );
  if (proxies.length === 0 || proxies.some((network) => network.endsWith('/0')))
    return closed(
      '`trusted-proxy-ip` does not say which proxies stand in front, and any client could send `x-forwarded-for`; give `-- --trusted-proxy-ip=NETWORK` for the load balancers and gateways',
    );
  return opened(given, problems, {
    config: { clientAddress: { trustedProxies: proxies } },
    text: 'the rule `trusted-addresses`, for the last address in `x-forwarded-for` that is none of the trusted proxies; before 7.15.5 oauth2-proxy took the first, which anybody can send',
  });
}

function opened(
  given: Given,
  problems: readonly Problem[],
  { config, text }: { config: Mapping; text: string },
): TrustedAddresses {
  const isForwarded = !('trustedHeaders' in config);
  const proxies = isForwarded
    ? judged(given, 'trusted-proxy-ip', 'kept', '`clientAddress.trustedProxies`')
    : judged(given, 'trusted-proxy-ip', 'meaningless', 'the header that tells the address has one value');
  const match = { addresses: listOf(given, 'trusted-ip') };
  return {
    config,
    rules: [{ name: 'trusted-addresses', match, allow: 'anonymous' }],
    findings: [
      ...judged(given, 'trusted-ip', 'kept', text),
      ...proxies,
      ...judged(given, 'real-client-ip-header', 'kept', '`clientAddress.header`'),
      ...judged(given, 'reverse-proxy', 'kept', `\`clientAddress\`; ${elsewhere}`),
    ],
    problems,
  };
}

const elsewhere = 'method, host and path are what Envoy says of the request, and no header changes them';

function withoutTrusted(given: Given): readonly Finding[] {
  const unused = 'no rule looks at the address of the client';
  return [
    ...(listOf(given, 'trusted-ip').length === 0
      ? judged(given, 'trusted-ip', 'meaningless', 'it is empty')
      : []),
    ...judged(given, 'trusted-proxy-ip', 'meaningless', unused),
    ...judged(given, 'real-client-ip-header', 'meaningless', unused),
    ...judged(given, 'reverse-proxy', 'meaningless', elsewhere),
  ];
}

function networkProblems(given: Given, flag: string): readonly Problem[] {
  return listOf(given, flag).flatMap((network) => {
    const problem = networkProblem(network);
    return problem === undefined ? [] : [problemOf(given, flag, `${JSON.stringify(network)}: ${problem}`)];
  });
}
