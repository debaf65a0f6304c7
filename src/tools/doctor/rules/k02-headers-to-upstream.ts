/** K02: headers of the service that the entry does not pass to the workload. */
import { entryHeaders } from '../../../config/rules/entry-headers.ts';
import type { Rule } from '../rule.ts';
import { listsHeader, nameList } from '../world/header-lists.ts';
import type { World } from '../world/world.ts';

/** Envoy passes only listed headers of an allow to the workload. */
export const headersToUpstream: Rule<World> = {
  id: 'K02',
  title: 'Identity header of the service that the entry does not pass to the workload',
  severity: 'error',
  effect:
    'The workload never gets the verified header. A client can send the same header itself, and the workload takes the forged value for the identity.',
  fix: 'List every header that the service sets in `headers.toUpstream.onAllow` (Istio: `headersToUpstreamOnAllow`, Envoy Gateway: `http.headersToBackend`), or set `identityHeaders: remove`.',
  check: ({ ownEntries, config }) =>
    ownEntries
      .filter((entry) => entry.has('onAllow'))
      .flatMap((entry) => {
        const listed = entry.texts('onAllow');
        const field = entry.fieldName('onAllow');
        if (config === undefined)
          return listed === undefined || listed.length === 0
            ? [
                {
                  place: entry.at('onAllow'),
                  severity: 'warning' as const,
                  cause: `The entry ${entry.name} has no \`${field}\`, and the configuration of the service is not known.`,
                  fix: `List the headers that the service sets in \`${field}\`, or set \`identityHeaders: remove\`. Pass --config FILE to get the names.`,
                },
              ]
            : [];
        const missing = entryHeaders(config).onAllow.filter(
          // K04 is about the cookies of a login.
          (header) => header !== 'cookie' && !listsHeader(listed ?? [], header),
        );
        return missing.length === 0
          ? []
          : [
              {
                place: entry.at('onAllow'),
                cause: `The service sets ${nameList(missing)}, but \`${field}\` of the entry ${entry.name} ${listed === undefined ? 'is absent' : `does not list ${missing.length === 1 ? 'it' : 'them'}`}.`,
                fix: `Add ${nameList(missing)} to \`${field}\`, or set \`identityHeaders: remove\` in the configuration.`,
              },
            ];
      }),
};
