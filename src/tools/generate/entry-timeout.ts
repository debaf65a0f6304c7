/** The timeout of an entry, and the deadlines that must fit into it. */
import type { Config } from '../../config/declare/options.ts';
import type { Problem } from '../../config/validate/problems.ts';
import { formatDuration } from '../../config/values/units.ts';
import { loginTimeout } from './login-needs.ts';
import type { GenerateOptions, Target } from './options.ts';

/** The timeout of the entry. Kyma needs whole seconds. */
export function timeoutOf({ limits, login }: Config, { timeout }: GenerateOptions, target: Target): number {
  const least = login === undefined ? 0 : loginTimeout;
  const time = timeout ?? Math.max(limits.meshTimeout, least);
  return target === 'kyma' ? Math.ceil(time / 1_000) * 1_000 : time;
}

/** Finds deadlines that do not fit into the timeout. */
export function timeoutProblems(
  { limits, shadow }: Config,
  options: GenerateOptions,
  target: Target,
): Problem[] {
  const { timeout } = options;
  if (timeout === undefined) return [];
  const source = 'flag --timeout';
  if (target === 'kyma' && timeout % 1_000 !== 0) {
    const message = `must be whole seconds, got ${formatDuration(timeout)}: Kyma drops the fraction, and Envoy waits without a limit at 0s; use ${Math.ceil(timeout / 1_000)}s`;
    return [{ path: 'timeout', source, message }];
  }
  const most = formatDuration(Math.floor(timeout * 0.8));
  const late = [
    ...(limits.checkDeadline > timeout * 0.8 ? ['limits.checkDeadline'] : []),
    ...(shadow.authorizer !== '' && shadow.timeout > timeout * 0.8 ? ['shadow.timeout'] : []),
  ];
  return [
    ...late.map((path) =>
      at(
        path,
        `must be at most ${most}, 80 % of --timeout ${formatDuration(timeout)}, so that the answer arrives in time; lower it, or raise --timeout`,
      ),
    ),
    ...(limits.meshTimeout > timeout
      ? [
          at(
            'limits.meshTimeout',
            `must be at most --timeout ${formatDuration(timeout)}, got ${formatDuration(limits.meshTimeout)}; set it to ${formatDuration(timeout)}, or raise --timeout`,
          ),
        ]
      : []),
  ];
}

function at(path: string, message: string): Problem {
  return { path, source: '', message };
}
