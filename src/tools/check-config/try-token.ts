/** `oidc-authz check-config --token-file`: what a check with one token would answer, and why. */

import { createAskIncumbent } from '../../check/incumbent/incumbent.ts';
import type { CommandResult } from '../../cli/check-config.ts';
import type { Config, IssuerConfig } from '../../config/declare/options.ts';
import type { ConfigSources } from '../../config/load/load.ts';
import { ConfigError } from '../../config/validate/problems.ts';
import type { IncumbentAnswer } from '../../model/incumbent.ts';
import { type Reason, reasons } from '../../model/reasons.ts';
import { createLogger } from '../../observe/logger.ts';
import { withoutByteOrderMark } from '../../runtime/byte-order-mark.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { requestOf, startPrivately } from '../in-process-service.ts';
import { describeToken, type TokenRow } from './token-rows.ts';

/** A request to try. */
export interface TokenQuestion {
  /** Never printed. */
  readonly token: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
}

/** The longest wait for the answer, in milliseconds. */
const answerTimeout = 35_000;

/** The fields of a check's record that say how it was decided. */
interface CheckRecord {
  readonly msg: string;
  readonly outcome: string;
  readonly reason: Reason;
  readonly rule?: string;
  readonly policy?: string;
  readonly shadow?: Reason;
  readonly problem?: string;
}

/**
 * The token in a text: alone, or behind `Bearer`.
 *
 * @param source how a problem names the text
 * @throws ConfigError where it is something else
 */
export function tokenIn(text: string, source: string): string {
  const token = withoutByteOrderMark(text)
    .trim()
    .replace(/^(authorization: *)?Bearer +/i, '');
  const message =
    token === ''
      ? 'it is empty; expected one token'
      : token.startsWith('{')
        ? 'this is the answer of a token endpoint; give the value of its `access_token`'
        : 'expected one token, without spaces in it';
  if (!/^[\x21-\x7e]+$/.test(token) || token.startsWith('{'))
    throw new ConfigError([{ path: '', source, message }]);
  return token;
}

/** Asks the service of a configuration, in this process: exit code 0 where it allows, 1 where it does not. */
export async function tryToken(
  config: Config,
  sources: ConfigSources,
  { token, method, host, path }: TokenQuestion,
  clock: Clock,
): Promise<CommandResult> {
  const records: CheckRecord[] = [];
  const logger = createLogger('debug', {
    write: (line) => void records.push(JSON.parse(line)),
  });
  const log: Config['log'] = { ...config.log, level: 'debug', checks: 'all', excludePaths: [] };
  const described = describeToken(token, config, clock.now() / 1000);
  const service = await startPrivately({ ...config, log }, sources, {
    logger,
    needs: (name) => name === described.issuer?.name,
  });
  try {
    const ask = createAskIncumbent({ authorizer: service.url, timeout: answerTimeout }, clock);
    const answer = await ask(requestOf(method, path, host, token));
    const record = records.findLast(({ msg }) => msg === 'check');
    if (record === undefined) throw new TypeError('the check left no record');
    const text = [
      ...decisionLines(record, answer.status, described.rows),
      ...service.problems.map(({ source, message }) => `${source}: ${message}`),
      '',
      ...rowLines(described.rows, record.shadow ?? record.reason),
      ...headerLines(record, answer, described.issuer),
    ].join('\n');
    return { output: `${withoutToken(text, token)}\n`, exitCode: record.outcome === 'allow' ? 0 : 1 };
  } finally {
    await service.stop();
  }
}

function decisionLines(
  { outcome, reason, rule, policy, shadow, problem }: CheckRecord,
  status: number,
  rows: readonly TokenRow[],
): string[] {
  const why = shadow ?? reason;
  const { grpcCode, grpcHttpStatus, description } = reasons[why];
  return [
    `outcome: ${outcome}${shadow === undefined ? '' : ' (mode: shadow lets pass what would be refused)'}`,
    `reason: ${why}`,
    ...rows
      .filter(({ reasons: of }) => of.includes(why))
      .map(({ name, expected, found }) => `  ${name}: expected ${expected}; found ${found}`),
    `  ${description}`,
    ...(rule === undefined ? [] : [`rule: ${rule}`]),
    ...(policy === undefined ? [] : [`policy: ${policy}`]),
    ...(problem === undefined ? [] : [`problem: ${problem}`]),
    shadow === undefined
      ? `answer: ${status} over HTTP; code ${grpcCode} over gRPC, and ${grpcHttpStatus} to the client`
      : `answer: ${status} over HTTP`,
  ];
}

function rowLines(rows: readonly TokenRow[], reason: Reason): string[] {
  const width = Math.max(0, ...rows.map(({ name }) => name.length)) + 2;
  return rows.flatMap(({ name, expected, found, reasons: of }) => [
    `${name.padEnd(width)}expected ${expected}`,
    `${''.padEnd(width)}found    ${found}${of.includes(reason) ? '   <- the reason' : ''}`,
  ]);
}

/** What an allow changes of the request for the workload. */
function headerLines(
  { outcome }: CheckRecord,
  { headers }: IncumbentAnswer,
  issuer: IssuerConfig | undefined,
): string[] {
  if (outcome !== 'allow') return [];
  const own = ['content-length', 'date', 'connection', 'keep-alive', 'x-envoy-auth-headers-to-remove'];
  const set = headers.filter(([name]) => !own.includes(name.toLowerCase()));
  // Every spelling with underscores is removed too; to read one of each is enough.
  const removed = headers
    .filter(([name]) => name.toLowerCase() === 'x-envoy-auth-headers-to-remove')
    .flatMap(([, value]) => value.split(','))
    .filter((name) => !name.includes('_'));
  return [
    '',
    ...(set.length === 0 ? ['no identity headers'] : ['identity headers for the workload:']),
    ...set.map(([name, value]) => `  ${name}: ${value}`),
    ...(removed.length === 0
      ? []
      : ['removed from the request:', ...removed.map((name) => `  ${name.trim()}`)]),
    ...(issuer === undefined ? ['no identity was asked for: a rule lets anybody in'] : []),
  ];
}

/** Neither the token nor its signature, wherever a header or a rule would show it. */
function withoutToken(text: string, token: string): string {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  const without = text.replaceAll(token, '<the token>');
  return signature === '' ? without : without.replaceAll(signature, '<its signature>');
}
