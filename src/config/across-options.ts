/** What is wrong with options beside each other. */
import type * as z from 'zod';
import { maxRemovalBytes, otherSpellings } from './header-names.ts';
import { isTree, type Tree } from './tree.ts';
import { formatDuration } from './units.ts';
import { isLoopback } from './urls.ts';

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
  const section = (name: string): Tree => (isTree(config[name]) ? config[name] : {});

  const { delay, timeout } = section('shutdown');
  if (typeof delay === 'number' && typeof timeout === 'number' && timeout < delay) {
    problem(
      ['shutdown', 'timeout'],
      'expected at least shutdown.delay, or the service would end before the delay does',
    );
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
          port !== 0 && port !== undefined && section(other).port === port && section(other).host === host,
      );
    if (twin !== undefined) problem([name, 'port'], `${twin}.port is the same; each listener needs its own`);
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

  const { authorizer, timeout: shadowTimeout } = section('shadow');
  const { checkDeadline, meshTimeout } = section('limits');
  const tooLate = (path: [string, string], time: unknown) => {
    const message = lateProblem(time, meshTimeout);
    if (message !== undefined) problem(path, message);
  };
  tooLate(['limits', 'checkDeadline'], checkDeadline);
  if (typeof authorizer === 'string' && authorizer !== '') tooLate(['shadow', 'timeout'], shadowTimeout);

  const own = section('http');
  if (typeof authorizer === 'string' && URL.canParse(authorizer) && own.port !== 0) {
    const url = new URL(authorizer);
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    if (isLoopback(url) && port === own.port)
      problem(['shadow', 'authorizer'], 'this is our own port, so each check would ask for itself');
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
function lateProblem(time: unknown, meshTimeout: unknown): string | undefined {
  if (typeof time !== 'number' || typeof meshTimeout !== 'number') return undefined;
  const most = meshTimeout * shareOfMeshTimeout;
  if (time <= most) return undefined;
  const [is, has] = [formatDuration(time), formatDuration(meshTimeout)];
  return (
    `${is} is not at least 20 % below limits.meshTimeout (${has}), so an answer could come after the mesh has given up, and its failure mode would decide: ` +
    `lower this to at most ${formatDuration(Math.floor(most))}, or raise the timeout of the mesh's entry and limits.meshTimeout to at least ${formatDuration(Math.ceil(time / shareOfMeshTimeout))}`
  );
}
