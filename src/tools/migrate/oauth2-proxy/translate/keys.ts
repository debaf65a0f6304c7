/** Translates the sources of keys, the signature algorithms, and the trusted CAs. */

import { type Algorithm, supportedAlgorithms } from '../../../../config/declare/issuer-options.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import { maskUrls } from '../../../../config/values/quote-value.ts';
import { isLoopback } from '../../../../config/values/urls.ts';
import type { Finding } from '../../finding.ts';
import type { Installation } from '../merge/installation.ts';
import { findingIfSet } from './findings.ts';
import { isOn, listOf, quotedList, textOf, withoutUndefined } from './setting-values.ts';

/** The translated key settings. */
export interface Keys {
  /** Options of the issuer of `oidc-issuer-url`. */
  readonly ofPrimary: Mapping;
  /** Options of every issuer. */
  readonly ofAll: Mapping;
  readonly findings: readonly Finding[];
}

/** Translates all key settings. */
export function translateKeys(installation: Installation): Keys {
  const isDiscovered = !isOn(installation, 'skip-oidc-discovery');
  const jwksUri = textOf(installation, 'oidc-jwks-url');
  const files = listOf(installation, 'oidc-public-key-file');
  const hasSource = !isDiscovered && (jwksUri !== '' || files.length > 0);
  const { algorithms, findings } = translateAlgorithms(installation, hasSource);
  return {
    ofPrimary: withoutUndefined({
      jwksUri: hasSource && jwksUri !== '' ? jwksUri : undefined,
      publicKeyFiles: hasSource && files.length > 0 ? files : undefined,
      algorithms,
      insecureHttp: insecureHttp(hasSource ? jwksUri : textOf(installation, 'oidc-issuer-url')),
    }),
    ofAll: trust(installation),
    findings: [
      ...findings,
      ...judgeSources(installation, isDiscovered, hasSource),
      ...judgeTrust(installation),
    ],
  };
}

/** `true` if keys are fetched over plain HTTP from another host. */
export function insecureHttp(url: string): true | undefined {
  const parsed = URL.parse(url);
  return parsed?.protocol === 'http:' && !isLoopback(parsed) ? true : undefined;
}

function judgeSources(
  installation: Installation,
  isDiscovered: boolean,
  hasSource: boolean,
): readonly Finding[] {
  const discovered = 'oauth2-proxy uses discovery and ignores it';
  const uri = textOf(installation, 'oidc-jwks-url');
  const isPlain = insecureHttp(uri) === true;
  const skipped: readonly ['kept' | 'meaningless' | 'changed', string] = isDiscovered
    ? ['meaningless', 'discovery is the default']
    : hasSource
      ? ['kept', '`issuers[0].jwksUri` or `publicKeyFiles`, which replace discovery']
      : [
          'changed',
          'neither `oidc-jwks-url` nor `oidc-public-key-file` says where the keys are, so they are found by discovery',
        ];
  return [
    ...findingIfSet(installation, 'skip-oidc-discovery', ...skipped),
    ...(isDiscovered
      ? findingIfSet(installation, 'oidc-jwks-url', 'meaningless', discovered)
      : findingIfSet(
          installation,
          'oidc-jwks-url',
          'kept',
          `\`issuers[0].jwksUri: ${uri}\`${isPlain ? `, with \`insecureHttp: true\`; ${plainHttpText}` : ''}`,
        )),
    ...(isDiscovered
      ? findingIfSet(installation, 'oidc-public-key-file', 'meaningless', discovered)
      : findingIfSet(
          installation,
          'oidc-public-key-file',
          'kept',
          '`issuers[0].publicKeyFiles`, reloaded when they change; mount the files in the pod',
        )),
  ];
}

/** The warning about keys over plain HTTP. */
export const plainHttpText = 'anyone on the network path can replace the keys, so use https';

function translateAlgorithms(
  installation: Installation,
  hasSource: boolean,
): { algorithms: readonly Algorithm[] | undefined; findings: readonly Finding[] } {
  const flag = 'oidc-enabled-signing-alg';
  const wanted = listOf(installation, flag);
  const isSupported = (name: string): name is Algorithm =>
    (supportedAlgorithms as readonly string[]).includes(name);
  const algorithms = [...new Set(wanted.filter(isSupported))];
  const others = wanted.filter((name) => !isSupported(name));
  if (wanted.length === 0)
    return {
      algorithms: hasSource ? ['RS256'] : undefined,
      findings: findingIfSet(installation, flag, 'meaningless', 'it is empty'),
    };
  const algorithmsText = `\`issuers[0].algorithms: [${algorithms.join(', ')}]\``;
  if (others.length === 0)
    return { algorithms, findings: findingIfSet(installation, flag, 'kept', algorithmsText) };
  const reason = `${quotedList(others)} cannot be accepted: a party that can verify such a signature can also forge one`;
  return algorithms.length === 0
    ? {
        algorithms: undefined,
        findings: findingIfSet(
          installation,
          flag,
          'refused',
          `${reason}, and no other algorithm is set; the defaults of \`algorithms\` would be accepted instead`,
        ),
      }
    : {
        algorithms,
        findings: findingIfSet(installation, flag, 'refused', `${reason}; the others are ${algorithmsText}`),
      };
}

function trust(installation: Installation): Mapping {
  const files = listOf(installation, 'provider-ca-file');
  if (files.length === 0) return {};
  return withoutUndefined({
    caFile: files.length === 1 ? files[0] : files,
    trustSystemCas: isOn(installation, 'use-system-trust-store') ? undefined : false,
  });
}

function judgeTrust(installation: Installation): readonly Finding[] {
  const files = listOf(installation, 'provider-ca-file');
  const isSystem = isOn(installation, 'use-system-trust-store');
  const skip = 'ssl-insecure-skip-verify';
  const alone = 'without `provider-ca-file` the CAs of the system are trusted anyway';
  return [
    ...(files.length === 0
      ? findingIfSet(installation, 'provider-ca-file', 'meaningless', 'it is empty')
      : findingIfSet(
          installation,
          'provider-ca-file',
          'kept',
          `\`issuers[].caFile\`${isSystem ? '' : ' with `trustSystemCas: false`'}; mount the file in the pod, or set \`caBundle\` of the chart`,
        )),
    ...(files.length === 0
      ? findingIfSet(installation, 'use-system-trust-store', 'meaningless', alone)
      : findingIfSet(
          installation,
          'use-system-trust-store',
          'kept',
          `\`issuers[].trustSystemCas: ${isSystem}\``,
        )),
    ...(isOn(installation, skip)
      ? findingIfSet(
          installation,
          skip,
          'changed',
          'the certificate of the issuer is always verified; set its CA in `issuers[].caFile`',
        )
      : findingIfSet(installation, skip, 'meaningless', 'certificates are always verified')),
  ];
}

/** A URL in a form that is safe in findings. */
export function maskedUrl(url: string): string {
  return `\`${maskUrls(url)}\``;
}
