/** K23: patterns that pass the framing headers of the service's response to the workload. */
import type { Rule } from '../rule.ts';
import { framingHeaders, matchesHeader, nameList } from '../world/header-lists.ts';
import type { World } from '../world/world.ts';

/** Envoy sets each listed header of the response on the request. */
export const answerHeaders: Rule<World> = {
  id: 'K23',
  title: "Pattern that passes the authorizer's own response headers to the workload",
  severity: 'error',
  effect:
    "Envoy replaces the request's `content-length` and `connection` with those of the authorizer's response. The workload then reads an empty or broken body.",
  fix: 'List the identity headers by name, or with a prefix such as `x-auth-request-*`.',
  check: ({ entries }) =>
    entries.flatMap((entry) =>
      (entry.texts('onAllow') ?? []).flatMap((pattern) => {
        const matched = framingHeaders.filter((header) => matchesHeader(pattern, header));
        return matched.length === 0
          ? []
          : [
              {
                place: entry.at('onAllow'),
                cause: `\`${pattern}\` in \`${entry.fieldName('onAllow')}\` of the entry ${entry.name} matches ${nameList(matched)}.`,
                fix: `Replace \`${pattern}\` with the names of the headers that the workload needs.`,
              },
            ];
      }),
    ),
};
