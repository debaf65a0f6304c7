/** Differences between answers, sorted by what they mean for whoever changes from one authorizer to the other. */

/** One difference in one request. */
export interface FoundDifference {
  /** The request, in words. */
  readonly name: string;
  /** As `differences` says it: what differs, then how. */
  readonly text: string;
  /** Why it is expected. */
  readonly reason?: string;
}

/** What a difference means. */
export type Meaning = 'outcome' | 'identity' | 'expected' | 'other';

const page = 'docs/migrating-from-oauth2-proxy.md';

/** What is known to differ, with the reason. */
const expected: Readonly<Record<string, string>> = {
  'cache-control': 'a refusal is not to be cached',
  'content-type':
    'a refusal has a JSON body, an allow has none; `compat: oauth2-proxy` writes those of before',
  expires: 'a refusal is not to be cached',
  'gap-auth': 'nobody is named there but with `compat: oauth2-proxy`',
  location: 'nobody logs in here, so nobody is sent to a login page',
  pragma: 'a refusal is not to be cached',
  'set-cookie': 'no session is kept here, so no cookie is set',
  status: '`compat: oauth2-proxy` with `compatInvalidTokenStatus` gives the status of before',
  vary: 'a refusal is the same for every language',
  'www-authenticate': 'a refusal has a challenge that says what is wrong (RFC 6750)',
  'x-accel-expires': 'a refusal is not to be cached',
  'x-content-type-options': 'it is of the page of oauth2-proxy',
};

const cleaned =
  'oauth2-proxy sends the client to the path without `//`, `/./` and `/../`; here a path that can be read in two ways is refused';
const nobodyOnOpen = 'on a path that is open nobody is named, whatever token there is';

/** What a difference is judged by, beside what it says. */
export interface Circumstances {
  /** Whether both let the request pass. */
  readonly doBothAllow: boolean;
  /** Whether both let it pass without a token, too. */
  readonly isOpen: boolean;
  readonly incumbent: number;
  readonly own: number;
}

/** What a difference means; headers that are not known to differ name the caller, where both let the request pass. */
export function meaningOf(
  text: string,
  { doBothAllow, isOpen, incumbent, own }: Circumstances,
): { readonly meaning: Meaning; readonly reason?: string } {
  const [subject = ''] = text.split(': ');
  if (['outcome', 'oauth2-proxy', 'oidc-authz'].includes(subject)) return { meaning: 'outcome' };
  // It sends the client to the path as it reads it, which is no login.
  const isCleaned = [301, 307, 308].includes(incumbent) && own === 400;
  if (isCleaned && (subject === 'status' || subject === 'location'))
    return { meaning: 'expected', reason: cleaned };
  if (isOpen && /: only oauth2-proxy has it/.test(text) && !Object.hasOwn(expected, subject))
    return { meaning: 'expected', reason: nobodyOnOpen };
  // One that has no name for the caller and one that has another are two things.
  const isExpected =
    Object.hasOwn(expected, subject) && !(subject === 'gap-auth' && /another value/.test(text));
  if (isExpected) return { meaning: 'expected', reason: expected[subject] ?? '' };
  return { meaning: doBothAllow ? 'identity' : 'other' };
}

/** What a comparison found. */
export interface Comparison {
  /** How many requests there were. */
  readonly count: number;
  /** How many of them each let through. */
  readonly passed: { readonly incumbent: number; readonly own: number };
  readonly found: ReadonlyMap<Meaning, readonly FoundDifference[]>;
}

/** The report: how many requests are answered alike, then what matters request by request, and the rest by kind. */
export function comparisonText({ count, passed, found }: Comparison): string {
  const of = (meaning: Meaning) => found.get(meaning) ?? [];
  const differing = new Set([...of('outcome'), ...of('identity')].map(({ name }) => name));
  const isExact = [...found.values()].every((list) => list.length === 0);
  const but = isExact || count === differing.size ? '' : ', but for what is below';
  const nobody =
    passed.incumbent + passed.own === 0
      ? [
          'WARNING: neither let any request through, so this says nothing of who passes and who is named; give a token that is good',
        ]
      : [];
  return [
    `${count - differing.size} of ${count} requests are answered alike${but}`,
    `let through: ${passed.incumbent} by oauth2-proxy, ${passed.own} by oidc-authz`,
    ...nobody,
    ...section('decided otherwise', of('outcome').map(lineOf)),
    ...section('another caller is named', of('identity').map(lineOf)),
    ...section(`expected, as ${page} says`, kinds(of('expected'))),
    ...section('other headers of refusals', kinds(of('other'))),
    '',
  ].join('\n');
}

function lineOf({ name, text }: FoundDifference): string {
  return `${name}: ${text}`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];
}

/** A line for each kind of difference, with how many requests have it. */
function kinds(differences: readonly FoundDifference[]): readonly string[] {
  const groups = Map.groupBy(differences, ({ text, reason = '' }) =>
    [text.split(': ').slice(0, 2).join(': '), reason].join('\n'),
  );
  return [...groups].map(([key, all]) => {
    const [kind = '', reason = ''] = key.split('\n');
    const count = all.length === 1 ? '1 request' : `${all.length} requests`;
    return `${kind} (${count})${reason === '' ? '' : `; ${reason}`}`;
  });
}
