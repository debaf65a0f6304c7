/** `oidc-authz compare`: the same requests to oauth2-proxy and to this configuration, and how the answers differ. */
import type { CheckRequest, IncumbentAnswer } from '../check/types.ts';
import { splitList } from '../config/lists.ts';
import { type ConfigSources, loadConfig } from '../config/load.ts';
import { ConfigError, formatProblems, type Problem } from '../config/problems.ts';
import type { GivenFlag } from '../config/settings.ts';
import { isOrigin } from '../config/urls.ts';
import { differences } from '../shadow/differences.ts';
import { type AskIncumbent, createAskIncumbent } from '../shadow/incumbent.ts';
import { systemClock } from '../time/clock.ts';
import type { CommandResult } from './check-config.ts';
import { comparisonText, type FoundDifference, type Meaning, meaningOf } from './comparison.ts';
import { requestOf, startPrivately } from './private-service.ts';
import { readGivenFile } from './read-file.ts';

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
  readonly request: CheckRequest;
  /** Never printed. */
  readonly token: string;
}

/**
 * Sends each token, and a request without one, to both. Exit code 0 where both decide alike and name the same caller, 1 where
 * they do not, 2 where the command line or the configuration is wrong.
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
  for (const { name, request, token } of questions) {
    const [incumbent, answer] = await Promise.all([answerOf(theirs, request), answerOf(own, request)]);
    const shown = (value: string) =>
      JSON.stringify(token === '' ? value : value.replaceAll(token, '<the token>'));
    const doBothAllow = allows(incumbent) && allows(answer);
    const found = differences(
      { name: 'oauth2-proxy', answer: incumbent },
      { name: 'oidc-authz', answer },
      showsValues ? shown : undefined,
    ).map((text) => ({ name, text, meaning: meaningOf(text, doBothAllow) }));
    // Where one lets pass and the other does not, all else follows from that.
    const decisive = found.filter(({ meaning }) => meaning === 'outcome');
    all.push(...(decisive.length > 0 ? decisive : found));
  }
  const isAlike = all.every(({ meaning }) => meaning !== 'outcome' && meaning !== 'identity');
  const found = Map.groupBy(all, ({ meaning }) => meaning);
  return { output: comparisonText(questions.length, found), exitCode: isAlike ? 0 : 1 };
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
  return tokens;
}

function questionsOf(tokens: ReadonlyMap<number, string>, given: readonly GivenFlag[]): Question[] {
  const allOf = (name: string, preset: string) => {
    const values = given.flatMap((flag) =>
      flag.name === name && flag.value !== undefined ? splitList(flag.value) : [],
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

function givenValue(given: readonly GivenFlag[], flag: string): string | undefined {
  return given.findLast(({ name }) => name === flag)?.value;
}

function needed(given: readonly GivenFlag[], flag: string): string {
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
