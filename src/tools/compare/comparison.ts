/** The report of a comparison: the differences, sorted by what they mean for a migration. */

/** One difference for one request. */
export interface FoundDifference {
  /** The name of the request. */
  readonly name: string;
  /** The text from `differences`: what differs, then how. */
  readonly text: string;
  /** Why the difference is expected. */
  readonly reason?: string;
}

/** The meaning of a difference; `outcome` and `identity` are the ones that matter. */
export type Meaning = 'outcome' | 'identity' | 'expected' | 'other';

const page = 'docs/migrating-compat.md';

/** The known differences by their subject, each with its reason. */
const expected: Readonly<Record<string, string>> = {
  'cache-control': 'a denial must not be cached',
  'content-type':
    'a denial has a JSON body, an allow has no body; `compat: oauth2-proxy` writes the bodies of oauth2-proxy',
  expires: 'a denial must not be cached',
  'gap-auth': 'only `compat: oauth2-proxy` sets this header',
  location: 'the configuration has no login',
  pragma: 'a denial must not be cached',
  'set-cookie': 'the configuration has no sessions and no cookies',
  status: '`compat: oauth2-proxy` with `compatInvalidTokenStatus` answers with the status of oauth2-proxy',
  vary: 'a denial is the same in every language',
  'www-authenticate': 'a denial has a `Bearer` challenge (RFC 6750)',
  'x-accel-expires': 'a denial must not be cached',
  'x-content-type-options': 'the header belongs to the page of oauth2-proxy',
};

const cleanedPath =
  'oauth2-proxy redirects to the path without `//`, `/./` and `/../`; oidc-authz denies an ambiguous path';
const openPath = 'on an open path, oidc-authz ignores the token and names no caller';

/** The answers that a difference belongs to. */
export interface AnswerContext {
  /** Whether both allow the request. */
  readonly doBothAllow: boolean;
  /** Whether both also allow it without a token. */
  readonly isOpen: boolean;
  /** The status of each answer; 0 if there is none. */
  readonly incumbent: number;
  readonly own: number;
}

/** Finds the meaning of a difference. If both allow the request, a header without a known reason to differ names the caller. */
export function meaningOf(
  text: string,
  { doBothAllow, isOpen, incumbent, own }: AnswerContext,
): { readonly meaning: Meaning; readonly reason?: string } {
  const [subject = ''] = text.split(': ');
  if (['outcome', 'oauth2-proxy', 'oidc-authz'].includes(subject)) return { meaning: 'outcome' };
  // oauth2-proxy redirects to the cleaned path. This is not a redirect to a login page.
  const isCleaned = [301, 307, 308].includes(incumbent) && own === 400;
  if (isCleaned && (subject === 'status' || subject === 'location'))
    return { meaning: 'expected', reason: cleanedPath };
  if (isOpen && /: only oauth2-proxy has it/.test(text) && !Object.hasOwn(expected, subject))
    return { meaning: 'expected', reason: openPath };
  // `gap-auth` names the caller. An absent header is expected, another value is not.
  const isExpected =
    Object.hasOwn(expected, subject) && !(subject === 'gap-auth' && /another value/.test(text));
  if (isExpected) return { meaning: 'expected', reason: expected[subject] ?? '' };
  return { meaning: doBothAllow ? 'identity' : 'other' };
}

/** The findings of a comparison. */
export interface Comparison {
  /** The number of requests. */
  readonly count: number;
  /** How many of them each authorizer allowed. */
  readonly allowed: { readonly incumbent: number; readonly own: number };
  readonly found: ReadonlyMap<Meaning, readonly FoundDifference[]>;
}

/** Writes the report: the number of equal answers, then the differences that matter for each request, then the others by kind. */
export function comparisonText({ count, allowed, found }: Comparison): string {
  const of = (meaning: Meaning) => found.get(meaning) ?? [];
  const differing = new Set([...of('outcome'), ...of('identity')].map(({ name }) => name));
  const isExact = [...found.values()].every((list) => list.length === 0);
  const except = isExact || count === differing.size ? '' : ', except for the differences below';
  const warning =
    allowed.incumbent + allowed.own === 0
      ? [
          'WARNING: neither allowed any request, so decisions and callers were not compared; add a valid token',
        ]
      : [];
  return [
    `${count - differing.size} of ${count} requests have the same answer${except}`,
    `allowed: ${allowed.incumbent} by oauth2-proxy, ${allowed.own} by oidc-authz`,
    ...warning,
    ...section('different decision', of('outcome').map(lineOf)),
    ...section('different caller', of('identity').map(lineOf)),
    ...section(`expected differences (see ${page})`, kinds(of('expected'))),
    ...section('other headers of denials', kinds(of('other'))),
    '',
  ].join('\n');
}

function lineOf({ name, text }: FoundDifference): string {
  return `${name}: ${text}`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];
}

/** A line for each kind of difference, with the number of requests that have it. */
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
