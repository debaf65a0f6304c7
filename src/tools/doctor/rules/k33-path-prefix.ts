/** K33: a path prefix that differs between the entry and the service. */
import type { Config } from '../../../config/declare/options.ts';
import type { Found } from '../finding.ts';
import { textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import type { Entry } from '../world/entries.ts';
import type { World } from '../world/world.ts';

/** Envoy puts the prefix before the path of the request. */
export const pathPrefix: Rule<World> = {
  id: 'K33',
  title: 'Path prefix of the entry that differs from that of the service',
  severity: 'error',
  effect:
    'The service reads another path than the client requested. Rules by path do not match, or a rule for another path decides.',
  fix: 'Write the same value into `pathPrefix` of the entry and into `http.pathPrefix` of the configuration. With `policies`, write the `pathPrefix` of one policy into each entry.',
  needsConfig: true,
  check: ({ ownEntries, config }) =>
    config === undefined
      ? []
      : ownEntries
          .filter((entry) => entry.has('pathPrefix'))
          .flatMap((entry) =>
            config.policies?.length ? ofPolicies(entry, config.policies) : ofService(entry, config),
          ),
};

function ofService(entry: Entry, { http }: Config): readonly Found[] {
  const prefix = textOf(entry.value('pathPrefix'));
  const field = `\`${entry.fieldName('pathPrefix')}\``;
  if (trimmed(prefix) === trimmed(http.pathPrefix)) return [];
  return [
    {
      place: entry.at('pathPrefix'),
      cause: `${field} of the entry ${entry.name} is ${JSON.stringify(prefix)}, and \`http.pathPrefix\` of the service is ${JSON.stringify(http.pathPrefix)}.`,
      fix: `Set \`http.pathPrefix: ${JSON.stringify(trimmed(prefix))}\` in the configuration, or ${http.pathPrefix === '' ? `delete ${field}` : `write \`${entry.fieldName('pathPrefix')}: ${http.pathPrefix}\``}.`,
    },
  ];
}

/** With policies, the prefix of the entry selects the policy. */
function ofPolicies(entry: Entry, policies: NonNullable<Config['policies']>): readonly Found[] {
  const prefix = textOf(entry.value('pathPrefix'));
  const field = `\`${entry.fieldName('pathPrefix')}\``;
  const prefixes = policies.map((policy) => policy.pathPrefix);
  if (prefixes.includes(trimmed(prefix))) return [];
  return [
    {
      place: entry.at('pathPrefix'),
      cause: `${field} of the entry ${entry.name} is ${JSON.stringify(prefix)}, and the policies of the service have ${prefixes.join(' and ')}.`,
      effect:
        prefix === ''
          ? 'The path that the client chose selects the policy. The service denies all other paths.'
          : 'The service denies every check of this entry.',
      fix: `Set ${field} to ${prefixes.join(' or ')}, and add an entry for each policy.`,
    },
  ];
}

const trimmed = (text: string) => text.replace(/\/$/, '');
