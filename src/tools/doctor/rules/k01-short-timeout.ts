/** K01: a timeout that Kyma cuts to whole seconds. */
import { durationPattern, parseDuration } from '../../../config/values/units.ts';
import { textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';
import { loginTimeout } from './k42-timeout-of-a-login.ts';

/** Kyma's operator drops the fraction of a second. */
export const shortTimeout: Rule<World> = {
  id: 'K01',
  title: 'Timeout of an authorizer in Kyma that is not a whole number of seconds',
  severity: 'error',
  effect:
    "Kyma's operator drops the fraction of a second: `1500ms` becomes `1s`, and `500ms` becomes `0s`. With `0s` Envoy waits without a limit, so an authorizer that does not answer blocks every request.",
  fix: 'Write a whole number of seconds, at least `1s`, for example `timeout: 2s`.',
  check: ({ entries, ownEntries, config }) =>
    entries
      .filter(({ kind }) => kind === 'kyma')
      .flatMap((entry) => {
        const timeout = textOf(entry.value('timeout'));
        if (timeout === '' || !durationPattern.test(timeout)) return [];
        const milliseconds = parseDuration(timeout);
        if (milliseconds >= 1_000 && milliseconds % 1_000 === 0) return [];
        const written = Math.floor(milliseconds / 1_000);
        const least = config?.login !== undefined && ownEntries.includes(entry) ? loginTimeout : 1_000;
        const needed = Math.ceil(Math.max(least, milliseconds) / 1_000);
        return [
          {
            place: entry.at('timeout'),
            cause: `The timeout of ${entry.name} is ${timeout}; the mesh gets ${written}s.`,
            severity: written === 0 ? ('error' as const) : ('warning' as const),
            fix: `Write \`timeout: ${needed}s\`.`,
          },
        ];
      }),
};
