/** Rules of `doctor --live` about the issuers: their clocks, documents, keys and certificates. */
import { formatDuration } from '../../../config/values/units.ts';
import { isRejection, someUnusedKeys } from '../../../issuer/keys/unused-keys.ts';
import { listAt } from '../envoy/message.ts';
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { IssuerProbe } from './ask-issuers.ts';
import { loginProblems } from './login-metadata.ts';

/** The input of the rules. */
export interface IssuersInput {
  /** The file with the configuration. */
  readonly source: string;
  readonly probes: readonly IssuerProbe[];
  /** By how much the clock of the service is ahead of this machine, in milliseconds; undefined if it was not asked. */
  readonly serviceAhead: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A difference that a synchronized clock does not have, in milliseconds. */
const noticeable = 5_000;

/** A certificate with less time than this is about to expire, in milliseconds. */
const soon = 14 * 24 * 60 * 60 * 1_000;

/** Maximum number of keys that one finding lists. */
const mostKeys = 10;

const clock: Rule<IssuersInput> = {
  id: 'K16',
  title: "Clock that differs from the issuer's",
  severity: 'warning',
  effect:
    'Tokens are denied as `token_not_yet_valid` or `token_expired` although they are valid, or accepted after their end.',
  fix: 'Find out which of the two clocks is wrong, and synchronize it (NTP): that of the node, or that of the issuer. Raise `clockTolerance` only for an issuer whose clock you cannot correct.',
  check: ({ source, probes, serviceAhead }) =>
    probes.flatMap(({ issuer, index, clockAhead }): readonly Found[] => {
      if (clockAhead === undefined) return [];
      const behind = Math.round(clockAhead - (serviceAhead ?? 0));
      const difference = Math.abs(behind);
      if (difference <= noticeable) return [];
      const whose = serviceAhead === undefined ? 'The clock of this machine' : 'The clock of the service';
      return [
        {
          place: placeOf(source, index, 'clockTolerance'),
          cause: `${whose} is ${formatDuration(Math.round(difference / 1_000) * 1_000)} ${behind > 0 ? 'behind' : 'ahead of'} the clock of the issuer ${issuer.name}; \`clockTolerance\` is ${formatDuration(issuer.clockTolerance)}.`,
          severity: difference > issuer.clockTolerance ? 'error' : 'warning',
        },
      ];
    }),
};

const metadata: Rule<IssuersInput> = {
  id: 'K17',
  title: "Issuer's metadata or keys that do not fit the configuration",
  severity: 'warning',
  effect: 'Tokens that the issuer signs with such a key or algorithm are denied.',
  fix: 'Add the algorithm to `issuers[].algorithms`, or ask the operator of the issuer to correct the key.',
  check: ({ source, probes }) =>
    probes.flatMap(
      ({ issuer, index, metadata: document, documentUrl, jwksUri, unused }): readonly Found[] => {
        const dropped = unused.filter(({ cause }) => isRejection(cause) || cause === 'not_allowed');
        const supported = listAt(document, 'id_token_signing_alg_values_supported').map(String);
        const isAccepted = (algorithm: string) =>
          issuer.algorithms.some((own) => own === algorithm || (own === 'EdDSA' && algorithm === 'Ed25519'));
        const [keyHost, documentHost] = [jwksUri, documentUrl].map((url) => URL.parse(url ?? '')?.host);
        return [
          ...(dropped.length > 0
            ? [
                {
                  place: placeOf(source, index, ''),
                  cause: `The issuer ${issuer.name} publishes keys that are not used: ${someUnusedKeys(dropped, mostKeys).join(', ')}.`,
                },
              ]
            : []),
          ...(supported.length > 0 && !supported.some(isAccepted)
            ? [
                {
                  place: placeOf(source, index, 'algorithms'),
                  cause: `The issuer ${issuer.name} signs with ${supported.slice(0, mostKeys).join(', ')}; none of them is in \`algorithms\`.`,
                },
              ]
            : []),
          ...loginProblems(issuer.login, document).map((found) => ({
            ...found,
            place: placeOf(source, index, 'login'),
            cause: `The metadata of the issuer ${issuer.name} ${found.cause}.`,
          })),
          ...(keyHost !== undefined && documentHost !== undefined && keyHost !== documentHost
            ? [
                {
                  place: placeOf(source, index, ''),
                  cause: `The issuer ${issuer.name} publishes its keys on another host: ${keyHost}.`,
                  severity: 'note' as const,
                  effect: 'Egress must be allowed to both hosts.',
                  fix: 'Allow the host in the NetworkPolicy and, if the mesh needs it, in a ServiceEntry.',
                },
              ]
            : []),
        ];
      },
    ),
};

const unreachable: Rule<IssuersInput> = {
  id: 'K91',
  title: 'Issuer whose keys cannot be fetched from here, or soon cannot be',
  severity: 'warning',
  effect: 'A service on this machine has no keys of this issuer and denies its tokens.',
  fix: 'Follow the message. If the service runs elsewhere, run this command in its Pod (kubectl exec).',
  check: ({ source, probes, now }) =>
    probes.flatMap(({ issuer, index, problem, certificateEnd, jwksUri }): readonly Found[] => {
      if (problem !== undefined)
        return [{ place: placeOf(source, index, ''), cause: `${sentence(problem)}.` }];
      if (certificateEnd === undefined || certificateEnd - now > soon) return [];
      return [
        {
          place: placeOf(source, index, ''),
          cause: `The certificate of ${URL.parse(jwksUri ?? '')?.host}, the key server of the issuer ${issuer.name}, expires on ${new Date(certificateEnd).toISOString()}.`,
          effect:
            'When the certificate expires, new keys cannot be fetched. The last keys stay in use for `keys.maxStale`.',
          fix: 'Ask the operator of the issuer to renew the certificate.',
        },
      ];
    }),
};

/** The rules about the issuers. */
export const issuerRules: readonly Rule<IssuersInput>[] = [clock, metadata, unreachable];

function placeOf(source: string, index: number, option: string) {
  return { file: source, object: '', path: `issuers[${index}]${option === '' ? '' : `.${option}`}` };
}

function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
