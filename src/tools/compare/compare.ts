/** Sends the same requests to oauth2-proxy and to oidc-authz, and compares the answers. */

import { differences } from '../../check/incumbent/answer-differences.ts';
import { type AskIncumbent, createAskIncumbent } from '../../check/incumbent/incumbent.ts';
import { isOrigin } from '../../config/values/urls.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { IncumbentAnswer } from '../../model/incumbent.ts';
import { systemClock } from '../../runtime/time/clock.ts';
import { singleProblem } from '../single-problem.ts';
import { comparisonText, type FoundDifference, type Meaning, meaningOf } from './comparison.ts';
import { noAnswerProblem } from './no-answer.ts';
import type { ComparedRequest } from './requests.ts';

/** The longest wait for an answer, in milliseconds. */
const answerTimeout = 5_000;

/** An authorizer to ask. */
export interface ComparedAuthorizer {
  readonly ask: AskIncumbent;
  /** The name of the authorizer in a problem, for example `flag --oauth2-proxy`. */
  readonly source: string;
}

/** The result of a comparison. */
export interface ComparisonResult {
  /** The report. */
  readonly output: string;
  /** Whether both make the same decisions and name the same callers. */
  readonly isAlike: boolean;
}

/**
 * Makes the authorizer at a URL.
 *
 * @throws ConfigError if the URL is more than an origin
 */
export function authorizerAt(url: string, source: string): ComparedAuthorizer {
  if (!isOrigin(url))
    throw singleProblem(source, 'expected a URL such as http://127.0.0.1:4180, without a path');
  return { ask: createAskIncumbent({ authorizer: url, timeout: answerTimeout }, systemClock), source };
}

/**
 * Sends each request to both.
 *
 * @param showsValues whether the report has the values that differ; they can be personal data
 * @throws ConfigError if one of the two does not answer
 */
export async function compareAnswers(
  requests: readonly ComparedRequest[],
  oauth2Proxy: ComparedAuthorizer,
  own: ComparedAuthorizer,
  showsValues: boolean,
): Promise<ComparisonResult> {
  const all: (FoundDifference & { readonly meaning: Meaning })[] = [];
  const open = new Set<string>();
  const allowed = { incumbent: 0, own: 0 };
  for (const { name, target, request, token } of requests) {
    const isFirst = name === requests[0]?.name;
    const [incumbent, answer] = await Promise.all([answerOf(oauth2Proxy, request), answerOf(own, request)]);
    requireAnswer(incumbent, oauth2Proxy, isFirst);
    requireAnswer(answer, own, isFirst);
    if (allows(incumbent)) allowed.incumbent++;
    if (allows(answer)) allowed.own++;
    const doBothAllow = allows(incumbent) && allows(answer);
    if (token === '' && doBothAllow) open.add(target);
    const quote = (value: string) =>
      JSON.stringify(token === '' ? value : value.replaceAll(token, '<the token>'));
    const found = differences(
      { name: 'oauth2-proxy', answer: incumbent },
      { name: 'oidc-authz', answer },
      showsValues ? quote : undefined,
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
    // If only one of the two allows the request, all other differences follow from that.
    const decisive = found.filter(({ meaning }) => meaning === 'outcome');
    all.push(...(decisive.length > 0 ? decisive : found));
  }
  const isAlike = all.every(({ meaning }) => meaning !== 'outcome' && meaning !== 'identity');
  const found = Map.groupBy(all, ({ meaning }) => meaning);
  return { output: comparisonText({ count: requests.length, allowed, found }), isAlike };
}

/** Stops the comparison if an authorizer does not answer: every further request would have the same result. */
function requireAnswer(
  answer: IncumbentAnswer | Error,
  { source }: ComparedAuthorizer,
  isFirst: boolean,
): void {
  const problem = noAnswerProblem(answer, isFirst);
  if (problem !== undefined) throw singleProblem(source, problem);
}

function statusOf(answer: IncumbentAnswer | Error): number {
  return answer instanceof Error ? 0 : answer.status;
}

function allows(answer: IncumbentAnswer | Error): boolean {
  return !(answer instanceof Error) && answer.status === 200;
}

function answerOf({ ask }: ComparedAuthorizer, request: CheckRequest): Promise<IncumbentAnswer | Error> {
  return ask(request).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
}
