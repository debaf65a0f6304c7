/** Checks the options of a Valkey or Redis server against each other. They must not trust any type. */
import type { ReportProblem } from '../login/issuer-login-problems.ts';
import type { Mapping } from '../values/mapping.ts';
import { quoteValue } from '../values/quote-value.ts';

/** Checks `state.valkey`. */
export function checkValkey(valkey: Mapping, report: ReportProblem): void {
  const urls = Array.isArray(valkey.urls) ? valkey.urls.filter((url) => typeof url === 'string') : [];
  checkUrls(urls, valkey.mode === 'sentinel' ? '26379' : '6379', report);
  checkMode(valkey, urls, report);
  checkTls(valkey, urls, report);
  checkUsers(valkey, report);
}

function checkUrls(urls: readonly string[], defaultPort: string, report: ReportProblem): void {
  for (const [index, url] of urls.entries()) {
    const at = ['urls', index];
    if (!URL.canParse(url))
      report(at, `must have a host and a port from 1 to 65535, got ${quoteValue(url)}; correct it`);
    else if (
      urls.slice(0, index).some((other) => addressOf(other, defaultPort) === addressOf(url, defaultPort))
    )
      report(at, 'must be unique; an earlier entry has this address; remove one of the two');
  }
  const plain = urls.findIndex((url) => url.startsWith('redis:'));
  if (plain >= 0 && urls.some((url) => url.startsWith('rediss:')))
    report(
      ['urls', plain],
      'must begin with rediss:// like the other addresses; use TLS for all of them, or for none',
    );
}

/** The host and the port of an address. */
function addressOf(url: string, defaultPort: string): string {
  const { hostname, port } = URL.parse(url) ?? { hostname: url, port: '' };
  return `${hostname.toLowerCase()}:${port || defaultPort}`;
}

function checkMode(valkey: Mapping, urls: readonly string[], report: ReportProblem): void {
  const { mode, masterName } = valkey;
  const isSentinel = mode === 'sentinel';
  if (isSentinel && masterName === undefined)
    report(
      ['masterName'],
      'missing; `mode: sentinel` needs it; write the name after `sentinel monitor` in the configuration of the sentinels',
    );
  const ofSentinels = ['masterName', 'sentinelUsernameFile', 'sentinelPasswordFile'];
  for (const option of isSentinel || typeof mode !== 'string' ? [] : ofSentinels)
    if (valkey[option] !== undefined)
      report([option], 'has no effect without `mode: sentinel`; set the mode, or remove this option');
  if (mode === 'single' && urls.length > 1)
    report(
      ['urls'],
      'must have one address with `mode: single`; set `mode: sentinel` or `mode: cluster`, or remove the others',
    );
  for (const [index, url] of urls.entries())
    if (mode !== 'single' && /[^/]\/\d+$/.test(url))
      report(
        ['urls', index],
        `must not have the number of a database with \`mode: ${String(mode)}\`; remove it after the slash`,
      );
}

function checkTls(valkey: Mapping, urls: readonly string[], report: ReportProblem): void {
  const isTls = urls.some((url) => url.startsWith('rediss:'));
  for (const option of ['caFile', 'certFile', 'keyFile'])
    if (valkey[option] !== undefined && urls.length > 0 && !isTls)
      report([option], 'has no effect without TLS; use rediss:// in `urls`, or remove this option');
  checkPair(valkey, ['certFile', 'keyFile'], report);
  checkPair(valkey, ['keyFile', 'certFile'], report);
}

function checkUsers(valkey: Mapping, report: ReportProblem): void {
  checkPair(valkey, ['usernameFile', 'passwordFile'], report);
  checkPair(valkey, ['sentinelUsernameFile', 'sentinelPasswordFile'], report);
}

/** The first option needs the second. */
function checkPair(
  valkey: Mapping,
  [option, needed]: readonly [string, string],
  report: ReportProblem,
): void {
  if (valkey[option] !== undefined && valkey[needed] === undefined)
    report([needed], `missing; \`${option}\` needs it; set both options, or neither`);
}
