/** What is wrong with options beside each other. */
import type * as z from 'zod';
import { maxRemovalBytes, otherSpellings } from '../values/header-names.ts';
import { isTree, type Tree } from '../values/raw-values.ts';
import { formatDuration } from '../values/units.ts';
import { isLoopback } from '../values/urls.ts';

/** Whether an option was given, by whatever source; else its value is the default. */
export type IsGiven = (...path: string[]) => boolean;

/** Tells what is wrong with options beside each other, at the one that was given. */
export type TellConflict = (isGiven: IsGiven) => { readonly path: string[]; readonly message: string };

/** Finds issuers that could not be told apart. */
export function toldApart(issuers: unknown, context: z.RefinementCtx): void {
  const entries = Array.isArray(issuers) ? issuers.map((entry) => (isTree(entry) ? entry : {})) : [];
  for (const [index, { issuer, name }] of entries.entries()) {
    const earlier = entries.slice(0, index);
    const problem = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: [index, field], message });
    if (issuer !== undefined && earlier.some((other) => other.issuer === issuer)) {
      problem('issuer', 'this issuer is already listed above');
    }
    if (name !== undefined && earlier.some((other) => other.name === name)) {
      problem('name', 'another issuer already has this name');
    }
  }
}

/** Finds what no section can know alone; runs beside problems of single options, so nothing has a sure type yet. */
export function acrossSections(config: Tree, context: z.RefinementCtx): void {
  const problem = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  /** A problem of some options beside each other. */
  const conflict = (tell: TellConflict) => {
    const { path, message } = tell(() => true);
    context.addIssue({ code: 'custom', path, message, params: { tell } });
  };
  const section = (name: string): Tree => (isTree(config[name]) ? config[name] : {});
  // What has a problem of its own was not read: a number without a unit would count as milliseconds.
  const unsound = context.issues.filter(({ code }) => code !== 'unrecognized_keys');
  const isSound = (...path: string[]) =>
    !unsound.some((issue) => issue.path?.every((part, index) => part === path[index]) === true);
  const duration = (of: string, name: string): number | undefined => {
    const value = section(of)[name];
    return typeof value === 'number' && isSound(of, name) ? value : undefined;
  };

  const [delay, timeout] = [duration('shutdown', 'delay'), duration('shutdown', 'timeout')];
  if (delay !== undefined && timeout !== undefined && timeout < delay) {
    conflict((isGiven) => {
      const [isDelayGiven, isTimeoutGiven] = [isGiven('shutdown', 'delay'), isGiven('shutdown', 'timeout')];
      const [delayText, timeoutText] = [
        shownDuration(delay, isDelayGiven),
        shownDuration(timeout, isTimeoutGiven),
      ];
      return isDelayGiven
        ? {
            path: ['shutdown', 'delay'],
            message: `${formatDuration(delay)} is longer than shutdown.timeout (${timeoutText}), so the service would end before the delay does: lower this, or raise shutdown.timeout`,
          }
        : {
            path: ['shutdown', 'timeout'],
            message: `${formatDuration(timeout)} is shorter than shutdown.delay (${delayText}), so the service would end before the delay does: raise this, or lower shutdown.delay`,
          };
    });
  }

  const listening = ['http', 'grpc', 'admin'].filter((name) => section(name).enabled !== false);
  if (listening.length === 1)
    problem(['http', 'enabled'], 'http and grpc are both off, so no check could be asked');
  for (const [index, name] of listening.entries()) {
    const { host, port } = section(name);
    const twin = listening
      .slice(0, index)
      .find(
        (other) =>
          port !== 0 &&
          port !== undefined &&
          isSound(name, 'port') &&
          section(other).port === port &&
          shareAddresses(section(other).host, host),
      );
    if (twin !== undefined)
      conflict((isGiven) => {
        const [first, second] = isGiven(name, 'port') ? [name, twin] : [twin, name];
        const note = isGiven(second, 'port') ? '' : ', by default';
        return {
          path: [first, 'port'],
          message: `${second}.port is ${port} too${note}; each listener needs its own`,
        };
      });
  }

  if (config.setAuthorizationHeader === true && config.forwardOriginalToken === false)
    problem(
      ['setAuthorizationHeader'],
      'forwardOriginalToken: false removes the header that this sets; keep one of the two',
    );
  if (config.compatInvalidTokenStatus === 403 && config.compat !== 'oauth2-proxy')
    problem(
      ['compatInvalidTokenStatus'],
      'without `compat: oauth2-proxy` a token that is not good is 401 (RFC 6750 section 3.1)',
    );

  const { authorizer } = section('shadow');
  const meshTimeout = duration('limits', 'meshTimeout');
  const tooLate = (of: string, name: string) => {
    const time = duration(of, name);
    if (time === undefined || meshTimeout === undefined || time <= meshTimeout * shareOfMeshTimeout) return;
    conflict((isGiven) => lateProblem([of, name], time, meshTimeout, isGiven));
  };
  tooLate('limits', 'checkDeadline');
  if (typeof authorizer === 'string' && authorizer !== '') tooLate('shadow', 'timeout');

  const own = section('http');
  if (typeof authorizer === 'string' && URL.canParse(authorizer) && own.port !== 0) {
    const url = new URL(authorizer);
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    if (isLoopback(url) && port === own.port)
      conflict((isGiven) => ({
        path: ['shadow', 'authorizer'],
        message: `this is our own port (http.port${isGiven('http', 'port') ? '' : `, ${port} by default`}), so each check would ask for itself`,
      }));
  }

  const claimed = Array.isArray(config.outputClaimToHeaders) ? config.outputClaimToHeaders : [];
  const headers: [(string | number)[], unknown][] = claimed.map((entry, index) => [
    ['outputClaimToHeaders', index, 'header'],
    isTree(entry) ? entry.header : undefined,
  ]);
  if (config.outputTokenToHeader !== '') headers.push([['outputTokenToHeader'], config.outputTokenToHeader]);
  const seen = new Set<string>();
  for (const [path, header] of headers) {
    if (typeof header !== 'string') continue;
    const spelling = header.replaceAll('_', '-');
    if (seen.has(spelling))
      problem(
        path,
        `${header} is set twice; upstreams read - and _ as the same, and one header has one value`,
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
      `these headers have ${removals.length} spellings that must be removed, ${bytes} bytes; at most ${maxRemovalBytes} fit. Use fewer headers, or fewer hyphens in them`,
    );
  }
}

/** The part of the mesh's timeout that an answer may take at most. */
const shareOfMeshTimeout = 0.8;

/** Says why an answer could come after the mesh has given up. */
function lateProblem(
  path: [string, string],
  time: number,
  meshTimeout: number,
  isGiven: IsGiven,
): { path: string[]; message: string } {
  const [most, least] = [
    formatDuration(Math.floor(meshTimeout * shareOfMeshTimeout)),
    formatDuration(Math.ceil(time / shareOfMeshTimeout)),
  ];
  const why = 'so an answer could come after the mesh has given up, and its failure mode would decide';
  const mesh = shownDuration(meshTimeout, isGiven('limits', 'meshTimeout'));
  if (isGiven(...path) || !isGiven('limits', 'meshTimeout'))
    return {
      path,
      message: `${shownDuration(time, isGiven(...path))} is not at least 20 % below limits.meshTimeout (${mesh}), ${why}: lower this to at most ${most}, or raise the timeout of the mesh's entry and limits.meshTimeout to at least ${least}`,
    };
  const option = path.join('.');
  return {
    path: ['limits', 'meshTimeout'],
    message: `${option} (${shownDuration(time, false)}) is not at least 20 % below ${mesh}, ${why}: set ${option} to at most ${most}, or raise the timeout of the mesh's entry and this to at least ${least}`,
  };
}

/** A duration as a problem shows it: one that nobody wrote is looked for in vain, unless it says so. */
function shownDuration(milliseconds: number, isGiven: boolean): string {
  return `${formatDuration(milliseconds)}${isGiven ? '' : ', the default'}`;
}

/** Whether two listeners of one port would get in each other's way. */
function shareAddresses(one: unknown, other: unknown): boolean {
  const isAll = (host: unknown) => host === undefined || ['0.0.0.0', '::', '[::]'].includes(String(host));
  return one === other || isAll(one) || isAll(other);
}
