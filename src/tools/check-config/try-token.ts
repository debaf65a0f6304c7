/** `oidc-authz check-config --token-file`: the answer to a check with one token, with its reason. */

import { createAskIncumbent } from '../../check/incumbent/incumbent.ts';
import type { Config, IssuerConfig } from '../../config/declare/options.ts';
import type { ConfigSources } from '../../config/load/load.ts';
import type { IncumbentAnswer } from '../../model/incumbent.ts';
import { type Reason, reasons } from '../../model/reasons.ts';
import { createLogger } from '../../observe/logger.ts';
import type { Clock } from '../../runtime/time/clock.ts';
import { requestOf, startInProcess } from '../in-process-service.ts';
import { describeToken, type TokenProperty } from './describe-token.ts';

/** A request with a token. */
export interface TokenRequest {
  /** Never printed. */
  readonly token: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
}

/** The answer to a request, as text for a person. */
export interface TokenResult {
  readonly output: string;
  readonly isAllowed: boolean;
}

/** The longest wait for the answer, in milliseconds. */
const answerTimeout = 35_000;

/** The fields of a check's log record that explain the decision. */
interface CheckRecord {
  readonly msg: string;
  readonly outcome: string;
  readonly reason: Reason;
  readonly rule?: string;
  readonly policy?: string;
  readonly shadow?: Reason;
  readonly problem?: string;
}

/** Sends a request to the service of a configuration, in this process. */
export async function tryToken(
  config: Config,
  sources: ConfigSources,
  { token, method, host, path }: TokenRequest,
  clock: Clock,
): Promise<TokenResult> {
  const records: CheckRecord[] = [];
  const logger = createLogger('debug', {
    write: (line) => void records.push(JSON.parse(line)),
  });
  const log: Config['log'] = { ...config.log, level: 'debug', checks: 'all', excludePaths: [] };
  const described = describeToken(token, config, clock.now() / 1000);
  const service = await startInProcess({ ...config, log }, sources, {
    logger,
    needs: (name) => name === described.issuer?.name,
  });
  try {
    const ask = createAskIncumbent({ authorizer: service.url, timeout: answerTimeout }, clock);
    const answer = await ask(requestOf(method, path, host, token));
    const record = records.findLast(({ msg }) => msg === 'check');
    if (record === undefined) throw new TypeError('the check wrote no log record');
    const text = [
      ...decisionLines(record, answer.status, described.properties),
      ...service.problems.map(({ source, message }) => `${source}: ${message}`),
      '',
      ...propertyLines(described.properties, record.shadow ?? record.reason),
      ...headerLines(record, answer, described.issuer),
    ].join('\n');
    return { output: `${withoutToken(text, token)}\n`, isAllowed: record.outcome === 'allow' };
  } finally {
    await service.stop();
  }
}

function decisionLines(
  { outcome, reason, rule, policy, shadow, problem }: CheckRecord,
  status: number,
  properties: readonly TokenProperty[],
): string[] {
  const why = shadow ?? reason;
  const { grpcCode, grpcHttpStatus, description } = reasons[why];
  return [
    `outcome: ${outcome}${shadow === undefined ? '' : ' (mode: shadow allows a request that would be denied)'}`,
    `reason: ${why}`,
    ...properties
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

function propertyLines(properties: readonly TokenProperty[], reason: Reason): string[] {
  const width = Math.max(0, ...properties.map(({ name }) => name.length)) + 2;
  return properties.flatMap(({ name, expected, found, reasons: of }) => [
    `${name.padEnd(width)}expected ${expected}`,
    `${''.padEnd(width)}found    ${found}${of.includes(reason) ? '   <- the reason' : ''}`,
  ]);
}

/** The header changes for the workload, if the request is allowed. */
function headerLines(
  { outcome }: CheckRecord,
  { headers }: IncumbentAnswer,
  issuer: IssuerConfig | undefined,
): string[] {
  if (outcome !== 'allow') return [];
  const own = ['content-length', 'date', 'connection', 'keep-alive', 'x-envoy-auth-headers-to-remove'];
  const set = headers.filter(([name]) => !own.includes(name.toLowerCase()));
  // Spellings with underscores are removed too; the output lists one spelling of each.
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
    ...(issuer === undefined ? ['no identity was required: a rule allows anonymous requests'] : []),
  ];
}

/** Removes the token and its signature: a header or a rule can contain them. */
function withoutToken(text: string, token: string): string {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  const without = text.replaceAll(token, '<the token>');
  return signature === '' ? without : without.replaceAll(signature, '<its signature>');
}
