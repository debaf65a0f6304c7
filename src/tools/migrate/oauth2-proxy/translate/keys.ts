/** Where the keys of issuers are, what they may sign with, and whom to trust on the way to them. */

import { type Algorithm, supportedAlgorithms } from '../../../../config/declare/issuer-options.ts';
import type { Mapping } from '../../../../config/values/mapping.ts';
import { maskUrls } from '../../../../config/values/quote-value.ts';
import { isLoopback } from '../../../../config/values/urls.ts';
import type { Finding } from '../../finding.ts';
import type { Given } from '../read/settings.ts';
import { isOn, judged, listed, listOf, present, textOf } from './by-kind.ts';

/** What is said of keys. */
export interface Keys {
  /** Fields of the issuer that `oidc-issuer-url` names. */
  readonly ofPrimary: Mapping;
  /** Fields of every issuer. */
  readonly ofAll: Mapping;
  readonly findings: readonly Finding[];
}

/** Translates what is said of keys. */
export function translateKeys(given: Given): Keys {
  const isDiscovered = !isOn(given, 'skip-oidc-discovery');
  const jwksUri = textOf(given, 'oidc-jwks-url');
  const files = listOf(given, 'oidc-public-key-file');
  const hasSource = !isDiscovered && (jwksUri !== '' || files.length > 0);
  const { algorithms, findings } = translateAlgorithms(given, hasSource);
  return {
    ofPrimary: present({
      jwksUri: hasSource && jwksUri !== '' ? jwksUri : undefined,
      publicKeyFiles: hasSource && files.length > 0 ? files : undefined,
      algorithms,
      insecureHttp: insecureHttp(hasSource ? jwksUri : textOf(given, 'oidc-issuer-url')),
    }),
    ofAll: trust(given),
    findings: [...findings, ...judgeSources(given, isDiscovered, hasSource), ...judgeTrust(given)],
  };
}

/** `true` where keys come over a connection that anybody on the way can change. */
export function insecureHttp(url: string): true | undefined {
  const parsed = URL.parse(url);
  return parsed?.protocol === 'http:' && !isLoopback(parsed) ? true : undefined;
}

function judgeSources(given: Given, isDiscovered: boolean, hasSource: boolean): readonly Finding[] {
  const discovered = 'keys are found by discovery, so it never had an effect';
  const uri = textOf(given, 'oidc-jwks-url');
  const isPlain = insecureHttp(uri) === true;
  const skipped: readonly ['kept' | 'meaningless' | 'changed', string] = isDiscovered
    ? ['meaningless', 'discovery is what happens anyway']
    : hasSource
      ? ['kept', '`issuers[0].jwksUri` or `publicKeyFiles`, which need no discovery']
      : [
          'changed',
          'neither `oidc-jwks-url` nor `oidc-public-key-file` says where the keys are, so they are found by discovery',
        ];
  return [
    ...judged(given, 'skip-oidc-discovery', ...skipped),
    ...(isDiscovered
      ? judged(given, 'oidc-jwks-url', 'meaningless', discovered)
      : judged(
          given,
          'oidc-jwks-url',
          'kept',
          `\`issuers[0].jwksUri: ${uri}\`${isPlain ? `, with \`insecureHttp: true\`; ${plainText}` : ''}`,
        )),
    ...(isDiscovered
      ? judged(given, 'oidc-public-key-file', 'meaningless', discovered)
      : judged(
          given,
          'oidc-public-key-file',
          'kept',
          '`issuers[0].publicKeyFiles`, read again when they change; put the files into the pod',
        )),
  ];
}

/** What to say of keys over plain HTTP. */
export const plainText = 'anybody on the way to it could put in keys of their own, so rather use https';

function translateAlgorithms(
  given: Given,
  hasSource: boolean,
): { algorithms: readonly Algorithm[] | undefined; findings: readonly Finding[] } {
  const flag = 'oidc-enabled-signing-alg';
  const wanted = listOf(given, flag);
  const isSupported = (name: string): name is Algorithm =>
    (supportedAlgorithms as readonly string[]).includes(name);
  const algorithms = [...new Set(wanted.filter(isSupported))];
  const others = wanted.filter((name) => !isSupported(name));
  if (wanted.length === 0)
    return {
      algorithms: hasSource ? ['RS256'] : undefined,
      findings: judged(given, flag, 'meaningless', 'it is empty'),
    };
  const kept = `\`issuers[0].algorithms: [${algorithms.join(', ')}]\``;
  if (others.length === 0) return { algorithms, findings: judged(given, flag, 'kept', kept) };
  const reason = `${listed(others)} cannot be accepted: whoever can check such a signature can make one`;
  return algorithms.length === 0
    ? {
        algorithms: undefined,
        findings: judged(
          given,
          flag,
          'refused',
          `${reason}, and nothing else is named; the defaults of \`algorithms\` would be accepted instead`,
        ),
      }
    : { algorithms, findings: judged(given, flag, 'refused', `${reason}; the others are ${kept}`) };
}

function trust(given: Given): Mapping {
  const files = listOf(given, 'provider-ca-file');
  if (files.length === 0) return {};
  return present({
    caFile: files.length === 1 ? files[0] : files,
    trustSystemCas: isOn(given, 'use-system-trust-store') ? undefined : false,
  });
}

function judgeTrust(given: Given): readonly Finding[] {
  const files = listOf(given, 'provider-ca-file');
  const isSystem = isOn(given, 'use-system-trust-store');
  const skip = 'ssl-insecure-skip-verify';
  const alone = 'without `provider-ca-file` the certificates of the system are trusted anyway';
  return [
    ...(files.length === 0
      ? judged(given, 'provider-ca-file', 'meaningless', 'it is empty')
      : judged(
          given,
          'provider-ca-file',
          'kept',
          `\`issuers[].caFile\`${isSystem ? '' : ' with `trustSystemCas: false`'}; put the file into the pod, or take the chart's \`caBundle\``,
        )),
    ...(files.length === 0
      ? judged(given, 'use-system-trust-store', 'meaningless', alone)
      : judged(given, 'use-system-trust-store', 'kept', `\`issuers[].trustSystemCas: ${isSystem}\``)),
    ...(isOn(given, skip)
      ? judged(
          given,
          skip,
          'changed',
          'the certificate of the issuer is always verified; name the CA that signed it in `issuers[].caFile`',
        )
      : judged(given, skip, 'meaningless', 'certificates are always verified')),
  ];
}

/** A URL as a finding may show it. */
export function shownUrl(url: string): string {
  return `\`${maskUrls(url)}\``;
}
