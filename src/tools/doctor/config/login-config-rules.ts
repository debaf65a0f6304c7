/** Rules of `doctor` about the login of a configuration. */
import { issuerTime } from '../../../config/login/login-time.ts';
import { formatDuration } from '../../../config/values/units.ts';
import { isLoopback } from '../../../config/values/urls.ts';
import type { Rule } from '../rule.ts';
import { renewsSessions, replicasWithRefresh } from '../rules/k15-replicas-with-refresh.ts';
import { loginTimeout, timeoutOfLogin } from '../rules/k42-timeout-of-a-login.ts';
import type { ConfigInput } from './config-rules.ts';

const placeOf = (source: string, path: string) => ({ file: source, object: '', path });

const workers: Rule<ConfigInput> = {
  ...replicasWithRefresh,
  check: ({ config, source }) =>
    renewsSessions(config) && config.workers !== 1
      ? [{ place: placeOf(source, 'workers'), cause: `\`workers\` is ${config.workers}.` }]
      : [],
};

const meshTimeout: Rule<ConfigInput> = {
  ...timeoutOfLogin,
  check: ({ config, source }) => {
    const time = config.limits.meshTimeout;
    return config.login !== undefined && time < loginTimeout
      ? [
          {
            place: placeOf(source, 'limits.meshTimeout'),
            cause: `\`limits.meshTimeout\` is ${formatDuration(time)}, so a login waits at most ${formatDuration(issuerTime(config.limits))} for the issuer.`,
          },
        ]
      : [];
  },
};

const exposedSessions: Rule<ConfigInput> = {
  id: 'K43',
  title: 'Session cookie that others can read or replace',
  severity: 'warning',
  effect: 'A client with the cookie acts as the person, until the session ends.',
  fix: 'Remove the option: each host then has its own sessions, over https:// only. For one login for all hosts, set `login.host`.',
  check: ({ config: { login, sessions }, source }) => {
    if (login === undefined || sessions === undefined) return [];
    const { domain } = sessions.cookie;
    const isLocal = (host: string) => isLoopback(new URL(`http://${host.replace(/^\*/, 'x')}`));
    const exposed = login.httpHosts.filter((host) => !isLocal(host));
    return [
      ...(domain === undefined
        ? []
        : [
            {
              place: placeOf(source, 'sessions.cookie.domain'),
              cause: `Every host below ${domain} receives the session cookie, and can replace it.`,
            },
          ]),
      ...exposed.map((host) => ({
        place: placeOf(source, 'login.httpHosts'),
        cause: `The session cookie of ${host} is sent over http://.`,
      })),
    ];
  },
};

/** The rules about a login. */
export const loginConfigRules: readonly Rule<ConfigInput>[] = [workers, meshTimeout, exposedSessions];
