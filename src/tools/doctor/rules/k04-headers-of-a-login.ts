/** K04: headers that a login needs, and that the entry does not pass. */
import { entryHeaders, entryHeadersWithoutLogin } from '../../../config/rules/entry-headers.ts';
import type { Found } from '../finding.ts';
import type { Rule } from '../rule.ts';
import type { Entry } from '../world/entries.ts';
import { listsHeader, nameList } from '../world/header-lists.ts';
import type { World } from '../world/world.ts';
import { sentHeaders } from './k24-headers-of-checks.ts';

/** The consequences, which a rule about a running Envoy shares. */
export const effectsOfMissingHeaders = {
  toBrowser:
    'The browser never gets the cookie of a renewed session. Each later request renews the session again, and the issuer ends it.',
  include:
    'The service sees no session, or cannot tell a page that a person opens from other requests. No person is signed in.',
  cookie: 'The workload receives the session cookies, and can send them to this service as the person.',
} as const;

/** The lists are needed only over HTTP; over gRPC, Envoy passes all of these headers. */
export const headersOfLogin: Rule<World> = {
  id: 'K04',
  title: 'Header of a login that the entry does not pass',
  severity: 'error',
  effect: `Without \`set-cookie\`: ${lower(effectsOfMissingHeaders.toBrowser)} Without the request headers: ${lower(effectsOfMissingHeaders.include)}`,
  fix: 'List `set-cookie` in `headers.toDownstream.onAllow` (Istio: `headersToDownstreamOnAllow`), `cookie` in the list for the workload, and the headers of the request in the list for checks. `oidc-authz generate` writes all lists. With Envoy Gateway, send checks over gRPC.',
  needsConfig: true,
  check: ({ ownEntries, config }) => {
    if (config?.login === undefined) return [];
    const needed = entryHeaders(config);
    const others = entryHeadersWithoutLogin(config);
    const include = needed.include.filter((header) => !others.include.includes(header));
    return ownEntries.flatMap((entry) => [
      ...toBrowser(entry, needed.toBrowserOnAllow),
      ...toWorkload(entry),
      ...inChecks(entry, include),
    ]);
  },
};

function toBrowser(entry: Entry, needed: readonly string[]): readonly Found[] {
  if (entry.protocol !== 'http') return [];
  const effect = effectsOfMissingHeaders.toBrowser;
  if (!entry.has('toBrowserOnAllow'))
    return [
      {
        place: entry.at(),
        cause: `Over HTTP, Envoy Gateway passes no header of an allow to the browser (entry ${entry.name}).`,
        effect,
        fix: 'Replace `extAuth.http` by `extAuth.grpc`; `oidc-authz generate envoy-gateway` writes it.',
      },
    ];
  const listed = entry.texts('toBrowserOnAllow') ?? [];
  const missing = needed.filter((header) => !listsHeader(listed, header));
  const field = entry.fieldName('toBrowserOnAllow');
  return missing.length === 0
    ? []
    : [
        {
          place: entry.at('toBrowserOnAllow'),
          cause: `\`${field}\` of the entry ${entry.name} does not list ${nameList(missing)}.`,
          effect,
          fix: `Add ${nameList(missing)} to \`${field}\`.`,
        },
      ];
}

function toWorkload(entry: Entry): readonly Found[] {
  if (!entry.has('onAllow') || listsHeader(entry.texts('onAllow') ?? [], 'cookie')) return [];
  const field = entry.fieldName('onAllow');
  return [
    {
      place: entry.at('onAllow'),
      cause: `\`${field}\` of the entry ${entry.name} does not list \`cookie\`, so the service cannot remove its cookies.`,
      severity: 'warning',
      effect: effectsOfMissingHeaders.cookie,
      fix: `Add \`cookie\` to \`${field}\`.`,
    },
  ];
}

function inChecks(entry: Entry, needed: readonly string[]): readonly Found[] {
  const sent = sentHeaders(entry);
  const missing = sent === undefined ? [] : needed.filter((header) => !listsHeader(sent, header));
  const field = entry.fieldName('include');
  return missing.length === 0
    ? []
    : [
        {
          place: entry.at('include'),
          cause: `The login needs ${nameList(missing)}, but \`${field}\` of the entry ${entry.name} does not list ${missing.length === 1 ? 'it' : 'them'}.`,
          effect: effectsOfMissingHeaders.include,
          fix: `Add ${nameList(missing)} to \`${field}\`.`,
        },
      ];
}

function lower(sentence: string): string {
  return sentence.slice(0, 1).toLowerCase() + sentence.slice(1);
}
