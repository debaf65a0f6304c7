/** K24: request headers that the check needs and that the entry does not pass to the service. */
import { entryHeadersWithoutLogin } from '../../../config/rules/entry-headers.ts';
import type { Rule } from '../rule.ts';
import type { Entry } from '../world/entries.ts';
import { listsHeader, nameList } from '../world/header-lists.ts';
import type { World } from '../world/world.ts';

/** Envoy always sends these, and the log needs no list over gRPC. */
const alwaysSent = 'authorization';

/** Over HTTP, Envoy sends only listed headers. Over gRPC it sends all, except if Envoy Gateway has a list. */
export const headersOfChecks: Rule<World> = {
  id: 'K24',
  title: 'Request header that the service needs and the entry does not send',
  severity: 'error',
  effect:
    'The service decides without the header: it denies a token that is bound to a proof or a certificate, and a rule that reads the header does not match.',
  fix: 'List the header in `headers.inCheck.include` (Istio: `includeRequestHeadersInCheck`, Envoy Gateway: `headersToExtAuth`).',
  needsConfig: true,
  check: ({ ownEntries, config }) =>
    config === undefined
      ? []
      : ownEntries.flatMap((entry) => {
          const listed = sentHeaders(entry);
          if (listed === undefined) return [];
          // K04 is about the headers of a login.
          const missing = entryHeadersWithoutLogin(config).include.filter(
            (header) => header !== alwaysSent && !listsHeader(listed, header),
          );
          const forLog = missing.filter((header) => header === config.log.requestIdHeader);
          const forDecision = missing.filter((header) => header !== config.log.requestIdHeader);
          const found = (names: readonly string[]) => ({
            place: entry.at('include'),
            cause: `The service needs ${nameList(names)}, but \`${fieldOf(entry)}\` of the entry ${entry.name} does not list ${names.length === 1 ? 'it' : 'them'}.`,
            fix: `Add ${nameList(names)} to \`${fieldOf(entry)}\`.`,
          });
          return [
            ...(forDecision.length === 0 ? [] : [found(forDecision)]),
            ...(forLog.length === 0
              ? []
              : [
                  {
                    ...found(forLog),
                    severity: 'warning' as const,
                    effect:
                      'The log records of the service have no `requestId`, so you cannot find the request of a denial.',
                  },
                ]),
          ];
        }),
};

/** The headers of a check; undefined if all headers are sent. */
export function sentHeaders(entry: Entry): readonly string[] | undefined {
  if (entry.protocol === 'http') return entry.texts('include') ?? [];
  const listed = entry.has('include') ? entry.texts('include') : undefined;
  return listed === undefined || listed.length === 0 ? undefined : listed;
}

function fieldOf(entry: Entry): string {
  return entry.fieldName('include');
}
