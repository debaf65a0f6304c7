/** K42: a timeout of the mesh in which a login may not end. */
import { durationPattern, parseDuration } from '../../../config/values/units.ts';
import { textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';

/** In milliseconds. One check redeems the code at the issuer. */
export const loginTimeout = 5_000;

/** A code is used once, so a check that ends too early loses the login. */
export const timeoutOfLogin: Rule<World> = {
  id: 'K42',
  title: 'Timeout that is too short for a login',
  severity: 'warning',
  effect:
    'The last step of a login waits for the token endpoint of the issuer, at most 75 % of `limits.meshTimeout`. If the issuer is slower, the login fails. If the timeout of the entry ends first, the browser gets an empty 403 or 503.',
  fix: 'Set the timeout of the entry to at least `5s`, and `limits.meshTimeout` to the same value.',
  needsConfig: true,
  check: ({ ownEntries, config }) =>
    config?.login === undefined
      ? []
      : ownEntries.flatMap((entry) => {
          const text = textOf(entry.value('timeout'));
          const time = durationPattern.test(text) ? parseDuration(text) : loginTimeout;
          return time === 0 || time >= loginTimeout
            ? []
            : [
                {
                  place: entry.at('timeout'),
                  cause: `The timeout of ${entry.name} is ${text}.`,
                  fix: `Write \`${entry.fieldName('timeout')}: 5s\`, and \`limits.meshTimeout: 5s\` in the configuration.`,
                },
              ];
        }),
};
