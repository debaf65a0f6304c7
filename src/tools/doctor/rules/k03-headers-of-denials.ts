/** K03: headers of a denial that the entry drops. */
import { denialHeaders, entryHeaders } from '../../../config/rules/entry-headers.ts';
import type { Rule } from '../rule.ts';
import { listsHeader, nameList } from '../world/header-lists.ts';
import type { World } from '../world/world.ts';

/** A login begins with a redirect that sets a cookie. */
export const loginWithoutCookies = {
  severity: 'error',
  effect: 'The browser gets the redirect to the issuer without its cookie, so no login ever ends.',
} as const;

/** Without a list, Envoy passes all headers of a denial. */
export const headersOfDenials: Rule<World> = {
  id: 'K03',
  title: 'Header of a denial that the entry does not pass to the client',
  severity: 'warning',
  effect:
    'The client gets the denial without these headers. It then reads the JSON body as plain text, a cache may store the denial, or the client does not know the decision ID or when to retry.',
  fix: 'Delete `headers.toDownstream.onDeny` (Istio: `headersToDownstreamOnDeny`), so that all headers pass, or list the missing ones.',
  check: ({ ownEntries, config }) =>
    ownEntries.flatMap((entry) => {
      const listed = entry.texts('onDeny') ?? [];
      if (listed.length === 0) return [];
      const all = config === undefined ? denialHeaders : entryHeaders(config).onDeny;
      const missing = all.filter((header) => !listsHeader(listed, header));
      const field = entry.fieldName('onDeny');
      const isLogin = config?.login !== undefined && missing.includes('set-cookie');
      return missing.length === 0
        ? []
        : [
            {
              place: entry.at('onDeny'),
              cause: `\`${field}\` of the entry ${entry.name} does not list ${nameList(missing)}.`,
              fix: `Add ${nameList(missing)} to \`${field}\`, or delete \`${field}\`, so that all headers pass.`,
              ...(isLogin && loginWithoutCookies),
            },
          ];
    }),
};
