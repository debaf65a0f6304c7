/** K22: a deadline of the service that is too close to the timeout of the mesh, or a timeout that is absent. */
import { durationPattern, formatDuration, parseDuration } from '../../../config/values/units.ts';
import { textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import type { Entry } from '../world/entries.ts';
import type { World } from '../world/world.ts';
import { loginTimeout } from './k42-timeout-of-a-login.ts';

/** The deadline must be at least this share below the timeout. */
const margin = 0.2;

/** A response after the timeout of Envoy is lost. */
export const deadline: Rule<World> = {
  id: 'K22',
  title: 'Timeout of the entry that does not fit the deadline of the service',
  severity: 'error',
  effect:
    'Envoy stops waiting before the service answers. The client gets an empty 403 or 503 instead of the denial, or the request is allowed if the entry fails open. Without a timeout, Istio waits 600 s.',
  fix: 'Set the timeout of the entry to at least 1.25 times `limits.checkDeadline` (and `shadow.timeout`), and set `limits.meshTimeout` to the same value.',
  check: ({ ownEntries, entries, config }) => [
    ...entries
      .filter(({ kind }) => kind === 'kyma' || kind.startsWith('istio'))
      .filter((entry) => entry.value('timeout') === undefined || isZero(entry))
      .map((entry) => ({
        place: entry.at(entry.value('timeout') === undefined ? undefined : 'timeout'),
        severity: 'warning' as const,
        cause: isZero(entry)
          ? `The timeout of the entry ${entry.name} is 0s, so Envoy waits without a limit.`
          : `The entry ${entry.name} has no timeout, so Istio uses 600 s.`,
        effect: 'While the authorizer does not answer, every request waits.',
        fix: `Write \`${entry.fieldName('timeout')}: ${config?.login === undefined ? '2s' : formatDuration(loginTimeout)}\`.`,
      })),
    ...ownEntries.flatMap((entry) => {
      const text = textOf(entry.value('timeout'));
      if (config === undefined || !durationPattern.test(text) || isZero(entry)) return [];
      const timeout = parseDuration(text);
      const limits = [
        ['limits.checkDeadline', config.limits.checkDeadline] as const,
        ...(config.shadow.authorizer === '' ? [] : [['shadow.timeout', config.shadow.timeout] as const]),
      ].filter(([, value]) => value > timeout * (1 - margin));
      return limits.map(([option, value]) => {
        const least = Math.ceil(value / (1 - margin) / 1_000) * 1_000;
        const needed = config.login === undefined ? least : Math.max(least, loginTimeout);
        return {
          place: entry.at('timeout'),
          cause: `The timeout of ${entry.name} is ${text}, but \`${option}\` is ${formatDuration(value)}; the deadline must be at least 20 % below the timeout.`,
          fix: `Write \`${entry.fieldName('timeout')}: ${formatDuration(needed)}\`, or set \`${option}\` to at most ${formatDuration(Math.floor(timeout * (1 - margin)))}.`,
        };
      });
    }),
  ],
};

/** Kyma's short timeouts have a rule of their own. */
function isZero(entry: Entry): boolean {
  const text = textOf(entry.value('timeout'));
  return entry.kind !== 'kyma' && durationPattern.test(text) && parseDuration(text) === 0;
}
