/** Checks the options of `login` and of `sessions`. They also run if single options are invalid, so they must not trust any type. */
import { hostCovers } from '../rules/patterns.ts';
import { readHost } from '../values/hosts.ts';
import type { Mapping } from '../values/mapping.ts';
import { quoteValue } from '../values/quote-value.ts';
import { isLoopback, isOrigin } from '../values/urls.ts';
import type { ReportProblem } from './issuer-login-problems.ts';
import { loginPaths, type PathOptions } from './login-addresses.ts';

/**
 * Checks the hosts, the paths and the addresses of `login`.
 *
 * @param ports `hosts.ports`
 */
export function checkLogin(login: Mapping, ports: unknown, report: ReportProblem): void {
  checkHosts(login, ports, report);
  checkCentralHost(login, ports, report);
  checkPaths(login, report);
  checkAfterSignOut(login, report);
  checkOrigins(login, report);
}

/** Checks the cookies of `sessions` against the hosts of `login`. */
export function checkCookie(cookie: Mapping, login: Mapping, report: ReportProblem): void {
  const { name, domain, sameSite } = cookie;
  const httpHosts = texts(login.httpHosts);
  if (typeof name === 'string' && /^__(host|secure)-/i.test(name))
    report(['name'], 'must not begin with __Host- or __Secure-, which this service adds; remove the prefix');
  if (sameSite === 'none' && httpHosts.length > 0)
    report(['sameSite'], 'browsers accept `none` only over https://; use `lax`, or remove login.httpHosts');
  if (typeof domain !== 'string') return;
  if (login.host !== undefined)
    report(
      ['domain'],
      'contradicts login.host: the central host hands each host its own session, and a cookie of the domain is one session for all; remove one of the two',
    );
  if (readHost(`x.${domain}`) === undefined)
    report(['domain'], 'must be a domain; a cookie cannot be shared between IP addresses; remove it');
  const outside = texts(login.hosts).find((host) => !isWithin(host, domain));
  if (outside !== undefined)
    report(
      ['domain'],
      `must contain every host of login.hosts, because browsers ignore a cookie of another domain; ${outside} is outside; remove that host, or remove this option`,
    );
}

function checkHosts(login: Mapping, ports: unknown, report: ReportProblem): void {
  const hosts = texts(login.hosts);
  for (const [index, host] of texts(login.httpHosts).entries()) {
    const names = namesOf(host, ports);
    if (!hosts.some((other) => names.some((name) => hostCovers(other, name))))
      report(['httpHosts', index], 'must be in `login.hosts` too; add it there, or remove it');
  }
}

/** A host, and without its port if the mesh ignores ports. */
function namesOf(host: string, ports: unknown): readonly string[] {
  return [host, ...(ports === 'ignore' ? [host.replace(/:\d+$/, '')] : [])];
}

function checkCentralHost({ host, hosts }: Mapping, ports: unknown, report: ReportProblem): void {
  if (typeof host !== 'string') return;
  const names = namesOf(host, ports);
  if (host.startsWith('*.'))
    report(
      ['host'],
      `must be one host, because everyone signs in there, got ${quoteValue(host)}; write its name`,
    );
  else if (!texts(hosts).some((other) => names.some((name) => hostCovers(other, name))))
    report(['host'], 'must be in `login.hosts` too; add it there, or remove it');
}

function checkPaths({ paths, host }: Mapping, report: ReportProblem): void {
  const { prefix, ...renamed } = (paths ?? {}) as Mapping;
  if (typeof prefix !== 'string' || !Object.values(renamed).every(isTextOrAbsent)) return;
  const all = Object.entries(
    loginPaths({ prefix, ...renamed } as PathOptions, typeof host === 'string' ? host : undefined),
  );
  const { callback } = Object.fromEntries(all);
  for (const [name, path] of all) {
    const option = renamed[name] === undefined ? 'prefix' : name;
    const same = all.find(([other, place]) => other !== name && place === path);
    if (path === prefix)
      report(['paths', option], `must not be login.paths.prefix itself; use a path below it, or another one`);
    else if (same !== undefined && (renamed[name] !== undefined || renamed[same[0]] === undefined))
      report(
        ['paths', option],
        `must differ from the path of ${wordsOf(same[0])}, ${path}; use another path`,
      );
    if (path.startsWith(`${callback}/`))
      report(
        ['paths', option],
        `must not be below the callback, ${callback}, where the callback of each issuer is; use another path`,
      );
  }
}

function checkAfterSignOut({ afterSignOut, ...login }: Mapping, report: ReportProblem): void {
  if (typeof afterSignOut !== 'string' || afterSignOut === '') return;
  const message = afterSignOut.startsWith('/')
    ? pathProblem(afterSignOut, login)
    : urlProblem(afterSignOut, login);
  if (message !== undefined) report(['afterSignOut'], `${message}, got ${quoteValue(afterSignOut)}`);
}

function pathProblem(path: string, { paths }: Mapping): string | undefined {
  if (!/^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(path))
    return 'must be a path of printable ASCII that begins with one / and has no backslash';
  const { prefix } = (paths ?? {}) as Mapping;
  return typeof prefix === 'string' && `${path}/`.startsWith(`${prefix}/`)
    ? `must not be below login.paths.prefix, ${prefix}`
    : undefined;
}

function urlProblem(text: string, login: Mapping): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:\/\//.test(text) || !/^[\x21-\x5b\x5d-\x7e]+$/.test(text))
    return 'must be "", a path, or an absolute URL';
  if (url.username !== '' || url.password !== '') return 'must not have a user name or a password';
  const isListed = (hosts: unknown) => texts(hosts).some((host) => hostCovers(host, url.host));
  if (!isListed(login.hosts)) return `must be on a host of login.hosts; add ${url.host} there`;
  return url.protocol === 'https:' || isListed(login.httpHosts)
    ? undefined
    : 'must begin with https://, because the host is not in login.httpHosts';
}

function checkOrigins({ cors, httpHosts }: Mapping, report: ReportProblem): void {
  for (const [index, origin] of texts(cors).entries()) {
    const at = ['cors', index];
    const url = URL.parse(origin);
    if (origin === '*') report(at, 'must be an origin; browsers do not accept * for requests with cookies');
    else if (url === null || !isOrigin(origin) || url.origin !== origin)
      report(
        at,
        `must be an origin as browsers send it, such as https://app.example.com, got ${quoteValue(origin)}`,
      );
    else if (
      url.protocol === 'http:' &&
      !isLoopback(url) &&
      !texts(httpHosts).some((host) => hostCovers(host, url.host))
    )
      report(at, 'must begin with https://; http:// is only allowed for this machine and login.httpHosts');
  }
}

/** Whether every host of a pattern is in a domain. */
function isWithin(host: string, domain: string): boolean {
  const name = host.replace(/^\*\./, '').replace(/:\d+$/, '');
  return name === domain || name.endsWith(`.${domain}`);
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
