/** Checks that need several options at once. */
import type * as z from 'zod';
import { checkCookie, checkLogin } from '../login/login-section-problems.ts';
import { checkState } from '../state/state-problems.ts';
import { maxRemovalBytes, otherSpellings } from '../values/header-names.ts';
import { isMapping, type Mapping } from '../values/mapping.ts';
import { formatDuration } from '../values/units.ts';
import { isLoopback } from '../values/urls.ts';
import { type CheckedConfig, createCheckedConfig, durationText, type IsSet } from './checked-config.ts';

/** Checks that each issuer and each issuer name occurs once. */
export function checkUniqueIssuers(issuers: unknown, context: z.RefinementCtx): void {
  const entries = Array.isArray(issuers) ? issuers.map((entry) => (isMapping(entry) ? entry : {})) : [];
  for (const [index, { issuer, name }] of entries.entries()) {
    const earlier = entries.slice(0, index);
    const problem = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [index, field], message });
    if (issuer !== undefined && earlier.some((other) => other.issuer === issuer)) {
      problem('issuer', 'must be unique; an earlier entry has this issuer; remove one of the two');
    }
    if (name !== undefined && earlier.some((other) => other.name === name)) {
      problem('name', 'must be unique; another issuer has this name; use another name');
    }
  }
}

/** Checks options across sections. It also runs if single options are invalid, so it must not trust any type. */
export function checkAcrossSections(config: Mapping, context: z.RefinementCtx): void {
  const checked = createCheckedConfig(config, context);
  checkShutdown(checked);
  checkListeners(checked);
  checkAuthorization(checked);
  checkDeadlines(checked);
  checkIncumbent(checked);
  checkHeaders(checked);
  checkLogins(checked);
  checkState(checked);
}

function checkShutdown({ duration, conflict }: CheckedConfig): void {
  const [delay, timeout] = [duration('shutdown', 'delay'), duration('shutdown', 'timeout')];
  if (delay !== undefined && timeout !== undefined && timeout < delay) {
    conflict((isSet) => {
      const [isDelaySet, isTimeoutSet] = [isSet('shutdown', 'delay'), isSet('shutdown', 'timeout')];
      const [delayText, timeoutText] = [durationText(delay, isDelaySet), durationText(timeout, isTimeoutSet)];
      return isDelaySet
        ? {
            path: ['shutdown', 'delay'],
            message: `must be at most shutdown.timeout (${timeoutText}), got ${formatDuration(delay)}; lower it, or raise shutdown.timeout`,
          }
        : {
            path: ['shutdown', 'timeout'],
            message: `must be at least shutdown.delay (${delayText}), got ${formatDuration(timeout)}; raise it, or lower shutdown.delay`,
          };
    });
  }
}

function checkListeners({ section, isValid, problem, conflict }: CheckedConfig): void {
  const { listener } = section('login');
  const always = [['http'], ['grpc'], ['admin']].map(
    (path) => ({ path, ...section(path[0] ?? '') }) as Listener,
  );
  const ofLogin =
    isMapping(listener) && listener.enabled === true
      ? [{ path: ['login', 'listener'], host: listener.host, port: listener.port }]
      : [];
  const listening = [...always.filter(({ enabled }) => enabled !== false), ...ofLogin];
  if (!listening.some(({ path }) => path[0] === 'http' || path[0] === 'grpc'))
    problem(
      ['http', 'enabled'],
      'http and grpc are both disabled, so no check can be answered; enable one of them',
    );
  for (const [index, { path, host, port }] of listening.entries()) {
    const conflicting = listening
      .slice(0, index)
      .find(
        (other) =>
          port !== 0 &&
          port !== undefined &&
          isValid(...path, 'port') &&
          other.port === port &&
          overlaps(other.host, host),
      );
    if (conflicting !== undefined)
      conflict((isSet) => {
        const [first, second] = isSet(...path, 'port') ? [path, conflicting.path] : [conflicting.path, path];
        const note = isSet(...second, 'port') ? '' : ' by default';
        return {
          path: [...first, 'port'],
          message: `must differ from ${second.join('.')}.port, which is ${port}${note}; use another port`,
        };
      });
  }
}

/** A listener; nothing about its values is known. */
interface Listener {
  readonly path: readonly string[];
  readonly enabled?: unknown;
  readonly host?: unknown;
  readonly port?: unknown;
}

function checkAuthorization({ config, problem }: CheckedConfig): void {
  if (config.setAuthorizationHeader === true && config.forwardOriginalToken === false)
    problem(
      ['setAuthorizationHeader'],
      'contradicts `forwardOriginalToken: false`, which removes the same header; keep one of the two',
    );
  if (config.compatInvalidTokenStatus === 403 && config.compat !== 'oauth2-proxy')
    problem(
      ['compatInvalidTokenStatus'],
      '403 needs `compat: oauth2-proxy`; without it the status for an invalid token is 401 (RFC 6750 section 3.1)',
    );
}

function checkDeadlines({ section, duration, conflict }: CheckedConfig): void {
  const { authorizer } = section('shadow');
  const meshTimeout = duration('limits', 'meshTimeout');
  const checkDeadline = (of: string, name: string) => {
    const time = duration(of, name);
    if (time === undefined || meshTimeout === undefined || time <= meshTimeout * maxShareOfMeshTimeout)
      return;
    conflict((isSet) => deadlineConflict([of, name], time, meshTimeout, isSet));
  };
  checkDeadline('limits', 'checkDeadline');
  if (typeof authorizer === 'string' && authorizer !== '') checkDeadline('shadow', 'timeout');
}

function checkIncumbent({ section, conflict }: CheckedConfig): void {
  const { authorizer } = section('shadow');
  const http = section('http');
  if (typeof authorizer === 'string' && URL.canParse(authorizer) && http.port !== 0) {
    const url = new URL(authorizer);
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    if (isLoopback(url) && port === http.port)
      conflict((isSet) => ({
        path: ['shadow', 'authorizer'],
        message: `must not be this service's own listener (http.port${isSet('http', 'port') ? '' : `, ${port} by default`}); set it to the URL of the incumbent`,
      }));
  }
}

function checkLogins({ config, section, duration, problem, conflict }: CheckedConfig): void {
  const login = section('login');
  if (config.login !== undefined) {
    checkLogin(login, section('hosts').ports, (path, message) => problem(['login', ...path], message));
    if (config.sessions === undefined)
      problem(
        ['sessions'],
        'missing; `login` needs it; add `sessions: {keysFile: FILE}` with a file of keys (`openssl rand -base64 32`)',
      );
  } else if (config.sessions !== undefined)
    problem(['sessions'], 'has no effect without `login`; add `login`, or remove this section');
  const { cookie } = section('sessions');
  if (isMapping(cookie))
    checkCookie(cookie, login, (path, message) => problem(['sessions', 'cookie', ...path], message));
  const [idle, age] = [duration('sessions', 'idleTimeout'), duration('sessions', 'maxAge')];
  if (idle !== undefined && age !== undefined && idle > age)
    conflict((isSet) => {
      const [idleText, ageText] = [
        durationText(idle, isSet('sessions', 'idleTimeout')),
        durationText(age, isSet('sessions', 'maxAge')),
      ];
      return isSet('sessions', 'idleTimeout')
        ? {
            path: ['sessions', 'idleTimeout'],
            message: `must be at most sessions.maxAge (${ageText}), got ${idleText}; lower it, or raise sessions.maxAge`,
          }
        : {
            path: ['sessions', 'maxAge'],
            message: `must be at least sessions.idleTimeout (${idleText}), got ${ageText}; raise it, or lower sessions.idleTimeout`,
          };
    });
}

function checkHeaders({ config, problem }: CheckedConfig): void {
  const claimed = Array.isArray(config.outputClaimToHeaders) ? config.outputClaimToHeaders : [];
  const headers: [(string | number)[], unknown][] = claimed.map((entry, index) => [
    ['outputClaimToHeaders', index, 'header'],
    isMapping(entry) ? entry.header : undefined,
  ]);
  if (config.outputTokenToHeader !== '') headers.push([['outputTokenToHeader'], config.outputTokenToHeader]);
  const seen = new Set<string>();
  for (const [path, header] of headers) {
    if (typeof header !== 'string') continue;
    const spelling = header.replaceAll('_', '-');
    if (seen.has(spelling))
      problem(
        path,
        `must be unique; another option already sets ${header} (upstreams treat - and _ as equal)`,
      );
    seen.add(spelling);
  }
  const removals = headers.flatMap(([, header]) =>
    typeof header === 'string' ? [header, ...otherSpellings(header)] : [],
  );
  const bytes = removals.join(',').length;
  if (bytes > maxRemovalBytes) {
    problem(
      ['outputClaimToHeaders'],
      `these headers have ${removals.length} spellings with - and _, and a response must list all of them: ${bytes} bytes; the limit is ${maxRemovalBytes} bytes; use fewer headers, or fewer hyphens in their names`,
    );
  }
}

/** The largest share of the mesh timeout that a check may take. */
export const maxShareOfMeshTimeout = 0.8;

/** Describes a time limit that exceeds its share of the mesh timeout. */
function deadlineConflict(
  path: [string, string],
  time: number,
  meshTimeout: number,
  isSet: IsSet,
): { path: string[]; message: string } {
  const [most, least] = [
    formatDuration(Math.floor(meshTimeout * maxShareOfMeshTimeout)),
    formatDuration(Math.ceil(time / maxShareOfMeshTimeout)),
  ];
  const why = 'Envoy applies its failure mode to a later response';
  const mesh = durationText(meshTimeout, isSet('limits', 'meshTimeout'));
  if (isSet(...path) || !isSet('limits', 'meshTimeout'))
    return {
      path,
      message: `must be at least 20 % below limits.meshTimeout (${mesh}), got ${durationText(time, isSet(...path))}: ${why}; lower it to at most ${most}, or raise the timeout of the mesh's entry and limits.meshTimeout to at least ${least}`,
    };
  const option = path.join('.');
  return {
    path: ['limits', 'meshTimeout'],
    message: `must be at least 25 % above ${option} (${durationText(time, false)}), got ${mesh}: ${why}; set ${option} to at most ${most}, or raise the timeout of the mesh's entry and this option to at least ${least}`,
  };
}

/** Whether two listeners on the same port would conflict. */
function overlaps(one: unknown, other: unknown): boolean {
  const isAll = (host: unknown) => host === undefined || ['0.0.0.0', '::', '[::]'].includes(String(host));
  return one === other || isAll(one) || isAll(other);
}
