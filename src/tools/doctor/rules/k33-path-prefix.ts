/** K33: a path prefix that differs between the entry and the service. */
import { textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';

/** Envoy puts the prefix before the path of the request. */
export const pathPrefix: Rule<World> = {
  id: 'K33',
  title: 'Path prefix of the entry that differs from that of the service',
  severity: 'error',
  effect:
    'The service reads another path than the client requested. Rules by path do not match, or a rule for another path decides.',
  fix: 'Write the same value into `pathPrefix` of the entry and into `http.pathPrefix` of the configuration.',
  needsConfig: true,
  check: ({ ownEntries, config }) =>
    config === undefined
      ? []
      : ownEntries
          .filter((entry) => entry.has('pathPrefix'))
          .flatMap((entry) => {
            const prefix = textOf(entry.value('pathPrefix'));
            const trimmed = (text: string) => text.replace(/\/$/, '');
            return trimmed(prefix) === trimmed(config.http.pathPrefix)
              ? []
              : [
                  {
                    place: entry.at('pathPrefix'),
                    cause: `\`${entry.fieldName('pathPrefix')}\` of the entry ${entry.name} is ${JSON.stringify(prefix)}, and \`http.pathPrefix\` of the service is ${JSON.stringify(config.http.pathPrefix)}.`,
                    fix: `Set \`http.pathPrefix: ${JSON.stringify(trimmed(prefix))}\` in the configuration, or ${config.http.pathPrefix === '' ? `delete \`${entry.fieldName('pathPrefix')}\`` : `write \`${entry.fieldName('pathPrefix')}: ${config.http.pathPrefix}\``}.`,
                  },
                ];
          }),
};
