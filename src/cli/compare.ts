/** `oidc-authz compare`: the same requests to oauth2-proxy and to this configuration, and how the answers differ. */

import { differences } from '../check/incumbent/answer-differences.ts';
import { type AskIncumbent, createAskIncumbent } from '../check/incumbent/incumbent.ts';
import { type ConfigSources, loadConfig } from '../config/load/load.ts';
import type { CommandLineFlag } from '../config/load/settings.ts';
import { ConfigError, formatProblems, type Problem } from '../config/validate/problems.ts';
import { splitCommaList } from '../config/values/split-comma-list.ts';
import { isOrigin } from '../config/values/urls.ts';
import type { CheckRequest } from '../model/check-request.ts';
import type { IncumbentAnswer } from '../model/incumbent.ts';
import { systemClock } from '../runtime/time/clock.ts';
import {
  comparisonText,
  type FoundDifference,
  type Meaning,
  meaningOf,
} from '../tools/compare/comparison.ts';
import { requestOf, startPrivately } from '../tools/in-process-service.ts';
import type { CommandResult } from './check-config.ts';
import { readGivenFile } from './input-file.ts';

/** The flags of this command; all others are the configuration's. */
export const ownFlags = [
  '--oauth2-proxy',
  '--oidc-authz',
  '--tokens',
  '--method',
  '--path',
  '--host',
  '--show-values',
];

/** The longest wait for an answer, in milliseconds. */
const answerTimeout = 5_000;

/** A request to send to both. */
interface Question {
  readonly name: string;
  /** The method and the path, which several questions have in common. */
  readonly target: string;
  readonly request: CheckRequest;
  /** Never printed. */
  readonly token: string;
}

/**
 * Sends each token, and a request without one, to both. Exit code 0 where both decide alike and name the same caller, 1 where
 * they do not, 2 where the command line or the configuration is wrong, there is no token, or one of the two does not answer.
 */
export async function compareAnswers(sources: ConfigSources): Promise<CommandResult> {
  try {
    const given = sources.flags.filter(({ name }) => ownFlags.includes(name));
    const ofConfig = sources.flags.filter(({ name }) => !ownFlags.includes(name));
    const [oauth2Proxy, tokens] = [needed(given, '--oauth2-proxy'), needed(given, '--tokens')];
    const questions = questionsOf(readTokens(tokens, sources), given);
    const theirs = askAt(oauth2Proxy, '--oauth2-proxy');
    const url = givenValue(given, '--oidc-authz');
    if (url !== undefined && ofConfig.length > 0)
      throw problem('flag --oidc-authz', 'it has its own configuration; give one of the two');
    const own =
      url === undefined
        ? await startPrivately(await loadConfig({ ...sources, flags: ofConfig }), sources)
        : { url, stop: async () => {} };
    try {
      return await compareAll(
        questions,
        theirs,
        askAt(own.url, '--oidc-authz'),
        given.some(({ name }) => name === '--show-values'),
      );
    } finally {
      await own.stop();
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { output: `${formatProblems(error.problems)}\n`, exitCode: 2 };
  }
}

async function compareAll(
  questions: readonly Question[],
  theirs: AskIncumbent,
  own: AskIncumbent,
  showsValues: boolean,
): Promise<CommandResult> {
  const all: (FoundDifference & { readonly meaning: Meaning })[] = [];
  const open = new Set<string>();
  const passed = { incumbent: 0, own: 0 };
  for (const { name, target, request, token } of questions) {
    const [incumbent, answer] = await Promise.all([answerOf(theirs, request), answerOf(own, request)]);
    const isFirst = name === questions[0]?.name;
    const silent =
      silenceOf(incumbent, '--oauth2-proxy', isFirst) ?? silenceOf(answer, '--oidc-authz', isFirst);
    if (silent !== undefined) throw silent;
    if (allows(incumbent)) passed.incumbent++;
    if (allows(answer)) passed.own++;
    if (token === '' && allows(incumbent) && allows(answer)) open.add(target);
    const shown = (value: string) =>
      JSON.stringify(token === '' ? value : value.replaceAll(token, '<the token>'));
    const doBothAllow = allows(incumbent) && allows(answer);
    const found = differences(
      { name: 'oauth2-proxy', answer: incumbent },
      { name: 'oidc-authz', answer },
      showsValues ? shown : undefined,
    ).map((text) => ({
      name,
      text,
      ...meaningOf(text, {
        doBothAllow,
        isOpen: open.has(target),
        incumbent: statusOf(incumbent),
        own: statusOf(answer),
      }),
    }));
    // Where one lets pass and the other does not, all else follows from that.
    const decisive = found.filter(({ meaning }) => meaning === 'outcome');
    all.push(...(decisive.length > 0 ? decisive : found));
  }
  const isAlike = all.every(({ meaning }) => meaning !== 'outcome' && meaning !== 'identity');
  const found = Map.groupBy(all, ({ meaning }) => meaning);
  return { output: comparisonText({ count: questions.length, passed, found }), exitCode: isAlike ? 0 : 1 };
}

/**
 * What is wrong where nobody answers: then there is nothing to compare, and every further request would end alike.
 *
 * @param isFirst whether nothing was answered before, so that any reason is one for all
 */
function silenceOf(answer: IncumbentAnswer | Error, flag: string, isFirst: boolean): ConfigError | undefined {
  if (!(answer instanceof Error)) {
    const isMisread = answer.status === 400 && /HTTP request to an HTTPS server/i.test(answer.body);
    return isMisread
      ? problem(`flag ${flag}`, 'it speaks TLS there; try https:// instead of http://')
      : undefined;
  }
  const reason = reasonOf(answer);
  return reason !== undefined || isFirst ? problem(`flag ${flag}`, reason ?? answer.message) : undefined;
}

/** Why nobody answers, in words; undefined where that is a matter of one request. */
function reasonOf({ message, cause }: Error): string | undefined {
  const code = String(cause instanceof Error && 'code' in cause ? cause.code : '');
  if (code === 'ECONNREFUSED') return 'nothing listens there; is it started, and is the port right?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no host of this name';
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return 'there is no way to this host';
  if (code === 'EPROTO' || /wrong.version.number|packet.length.too.long/i.test(`${code} ${message}`))
    return 'it speaks no TLS there; try http:// instead of https://';
  if (/CERT|SELF_SIGNED|ALTNAME|ISSUER/.test(code))
    return `its certificate is not trusted (${code}); name its authority in NODE_EXTRA_CA_CERTS`;
  if (/^HPE_/.test(code)) return 'it speaks no HTTP there; try https://, or another port';
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return 'it ends the connection without an answer; try https:// instead of http://, or the other way round';
  return undefined;
}

function statusOf(answer: IncumbentAnswer | Error): number {
  return answer instanceof Error ? 0 : answer.status;
}

function allows(answer: IncumbentAnswer | Error): boolean {
  return !(answer instanceof Error) && answer.status === 200;
}

function answerOf(ask: AskIncumbent, request: CheckRequest): Promise<IncumbentAnswer | Error> {
  return ask(request).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
}

/** Tokens by the numbers of their lines; empty lines and those that begin with # are left out. */
function readTokens(file: string, { readFile }: ConfigSources): ReadonlyMap<number, string> {
  const text = readGivenFile(file, readFile, `flag --tokens ${file}`);
  const lines = text.split(/\r?\n/).map((line) => line.trim().replace(/^Bearer +/i, ''));
  const tokens = new Map([...lines.entries()].filter(([, line]) => line !== '' && !line.startsWith('#')));
  const odd = [...tokens].find(([, token]) => !/^[\x21-\x7e]+$/.test(token));
  if (odd !== undefined)
    throw problem(`${file}:${odd[0] + 1}`, 'expected one token on a line, without spaces in it');
  if (tokens.size === 0)
    throw problem(
      `flag --tokens ${file}`,
      'there is no token in it; without one nothing is compared that matters',
    );
  return tokens;
}

function questionsOf(tokens: ReadonlyMap<number, string>, given: readonly CommandLineFlag[]): Question[] {
  const allOf = (name: string, preset: string) => {
    const values = given.flatMap((flag) =>
      flag.name === name && flag.value !== undefined ? splitCommaList(flag.value) : [],
    );
    return values.length === 0 ? [preset] : values;
  };
  const credentials = [
    ['no token', ''] as const,
    ...[...tokens].map(([line, token]) => [`line ${line + 1}`, token] as const),
  ];
  const targets = allOf('--method', 'GET').flatMap((method) =>
    allOf('--path', '/').map((target) => ({ method, target })),
  );
  const [host = ''] = allOf('--host', 'compare.invalid');
  return targets.flatMap(({ method, target }) =>
    credentials.map(([name, token]) => ({
      name: `${name}, ${method} ${target}`,
      target: `${method} ${target}`,
      token,
      request: requestOf(method, target, host, token),
    })),
  );
}

function askAt(url: string, flag: string): AskIncumbent {
  if (!isOrigin(url))
    throw problem(`flag ${flag}`, 'expected a URL such as http://127.0.0.1:4180, with nothing behind it');
  return createAskIncumbent({ authorizer: url, timeout: answerTimeout }, systemClock);
}

function givenValue(given: readonly CommandLineFlag[], flag: string): string | undefined {
  return given.findLast(({ name }) => name === flag)?.value;
}

function needed(given: readonly CommandLineFlag[], flag: string): string {
  const value = givenValue(given, flag);
  if (value === undefined)
    throw problem(
      `flag ${flag}`,
      'needed: compare --oauth2-proxy URL --tokens FILE [--config FILE | --oidc-authz URL]',
    );
  return value;
}

function problem(source: string, message: string): ConfigError {
  const one: Problem = { path: '', source, message };
  return new ConfigError([one]);
}
